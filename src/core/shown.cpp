#include "quartic/core/shown.hpp"

#include <fmt/format.h>

#include <cctype>

namespace quartic {
namespace {

std::string hexadecimal(char c) {
  return fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

std::uint32_t code_point(std::string_view character) {
  constexpr std::uint32_t lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t code = static_cast<unsigned char>(character[0]) & lead[character.size()];
  for (const char c : character.substr(1))
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
  return code;
}

/// Controls, blanks of no width, marks of direction, and the minus that is no minus of a program.
bool is_unseen(std::uint32_t code) {
  constexpr std::uint32_t minus = 0x2212, mark = 0xFEFF, soft_hyphen = 0xAD;
  return (code >= 0x80 && code < 0xA0) || (code >= 0x200B && code < 0x2010) ||
         (code >= 0x2028 && code < 0x202F) || (code >= 0x2060 && code < 0x2070) || code == minus ||
         code == mark || code == soft_hyphen;
}

/// f(character) for each, and for each byte that is part of none.
template <class F>
void for_each_character(std::string_view text, F&& f) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    f(text.substr(0, length ? length : 1), length > 0);
    text.remove_prefix(length ? length : 1);
  }
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (std::size_t k = 1; k < length; ++k)
    if ((static_cast<unsigned char>(text[k]) & 0xC0) != 0x80) return 0;
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const std::uint32_t code = code_point(text.substr(0, length));
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return code < least[length] || surrogate || code > 0x10FFFF ? 0 : length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string shown(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_character(text, [&](std::string_view character, bool valid) {
    const char c = character[0];
    if (!valid || (is_control(c) && c != '\n' && c != '\t'))
      out += hexadecimal(c);
    else if (character.size() > 1 && is_unseen(code_point(character)))
      out += fmt::format("\\u{{{:04X}}}", code_point(character));
    else
      out += character;
  });
  return out;
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (is_control(c))
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      quoted += c;
  }
  return quoted + "\"";
}

std::string path_text(std::string_view path) {
  std::string out;
  for_each_character(path, [&](std::string_view character, bool valid) {
    const bool escapes = out.ends_with('\\') && character == "x";
    if (escapes) out.pop_back(), out += hexadecimal('\\');  // lest it is read as an escape
    if (!valid || is_control(character[0]))
      out += hexadecimal(character[0]);
    else
      out += character;
  });
  return out;
}

std::string path_bytes(std::string_view text) {
  std::string out;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const auto digits = text.substr(k).starts_with("\\x") ? text.substr(k + 2, 2) : "";
    const bool escaped = digits.size() == 2 &&
                         std::isxdigit(static_cast<unsigned char>(digits[0])) &&
                         std::isxdigit(static_cast<unsigned char>(digits[1]));
    out += escaped ? static_cast<char>(std::stoi(std::string(digits), nullptr, 16)) : text[k];
    if (escaped) k += 3;
  }
  return out;
}

}  // namespace quartic
