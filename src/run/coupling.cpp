#include "quartic/run/coupling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "config/table.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

constexpr int max_points = 100000;

[[noreturn]] void refuse(std::string_view text, const std::string& where, const char* form) {
  throw Error(ErrorCode::usage, fmt::format("{}: cannot read '{}'", where, text), form);
}

/// A finite number at the front, and what follows it.
std::optional<double> take_number(std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(value)) return {};
  text.erase(0, static_cast<std::size_t>(end - text.c_str()));
  return value;
}

bool is_unit(const std::string& text) {
  return text == "i" || text == "j" || text == "*i" || text == "*j";
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == text.npos ? std::string() : std::string(text.substr(first, last - first + 1));
}

struct Pair {
  std::string name, value;
};

Pair split_pair(const std::string& text, const std::string& where, const char* form) {
  const auto equals = text.find('=');
  if (equals == text.npos || equals == 0) refuse(text, where, form);
  return {trimmed(std::string_view(text).substr(0, equals)),
          trimmed(std::string_view(text).substr(equals + 1))};
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(separator, begin), text.size());
    words.push_back(trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return words;
}

std::complex<double> parse_coupling(std::string_view text, const std::string& where) {
  constexpr const char* form = "a coupling is a number such as -1, 0.15i or 1.5+0.15i";
  std::string rest = trimmed(text);
  rest.erase(std::remove(rest.begin(), rest.end(), ' '), rest.end());
  // A sign alone stands for one: "-i", "1+i".
  for (const char* sign : {"+", "-"})
    if (rest == std::string(sign) + "i") return {0, sign[0] == '-' ? -1.0 : 1.0};
  if (rest == "i") return {0, 1};
  const auto first = take_number(rest);
  if (!first) refuse(text, where, form);
  if (rest.empty()) return *first;
  if (is_unit(rest)) return {0, *first};
  if (rest == "+i" || rest == "-i") return {*first, rest[0] == '-' ? -1.0 : 1.0};
  const bool has_sign = rest[0] == '+' || rest[0] == '-';
  const auto second = has_sign ? take_number(rest) : std::nullopt;
  if (!second || !is_unit(rest)) refuse(text, where, form);
  return {*first, *second};
}

std::string coupling_text(std::complex<double> g, int digits) {
  if (g.imag() == 0) return fmt::format("{:.{}g}", g.real(), digits);
  if (g.real() == 0) return fmt::format("{:.{}g}i", g.imag(), digits);
  return fmt::format("{:.{}g}{:+.{}g}i", g.real(), digits, g.imag(), digits);
}

void require_in_reach(const std::string& term, std::complex<double> g) {
  const auto holds = [](double x) { return std::abs(x) <= binder::largest_number; };
  if (holds(g.real()) && holds(g.imag())) return;
  throw BadInput(
      std::isfinite(g.real()) && std::isfinite(g.imag())
          ? fmt::format("the coupling of '{}' is {}", term, coupling_text(g, 6))
          : fmt::format("a coupling of '{}' is not finite", term),
      fmt::format("couplings are at most {:g} either side of 0", binder::largest_number));
}

std::vector<TermSpec> parse_target(std::string_view text) {
  constexpr const char* form = "for example --to nn=-1,phi2=1.52425,phi4=0.175";
  std::vector<TermSpec> target;
  for (const auto& word : split(text, ',')) {
    const auto [name, value] = split_pair(word, "--to", form);
    for (const auto& spec : target)
      if (spec.name == name)
        throw Error(ErrorCode::usage, fmt::format("--to: term '{}' stands twice", name), form);
    TermSpec& spec = target.emplace_back();
    spec.name = name;
    spec.coupling = parse_coupling(value, fmt::format("--to {}", name));
  }
  return target;
}

CouplingScan parse_scan(std::string_view text) {
  constexpr const char* form = "for example --scan nnn=-1:0:21, from, to and number of points";
  const auto [name, value] = split_pair(trimmed(text), "--scan", form);
  const auto parts = split(value, ':');
  if (parts.size() != 3) refuse(text, "--scan", form);
  const auto from = parse_coupling(parts[0], "--scan"), to = parse_coupling(parts[1], "--scan");
  std::string count = parts[2];
  const auto points = take_number(count);
  if (!points || !count.empty() || *points != std::floor(*points)) refuse(text, "--scan", form);
  if (*points < 2 || *points > max_points)
    throw Error(ErrorCode::usage,
                fmt::format("--scan: a grid has from 2 to {} points, not {}", max_points, parts[2]),
                form);
  CouplingScan scan{name, {}};
  for (int k = 0; k < static_cast<int>(*points); ++k)
    scan.couplings.push_back(from + (to - from) * (k / (*points - 1)));
  return scan;
}

}  // namespace quartic
