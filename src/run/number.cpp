#include "quartic/run/number.hpp"

#include <fmt/format.h>

#include <cmath>

namespace quartic {

std::string with_error(double value, double error) {
  if (!std::isfinite(value)) return "not resolved";
  if (error == 0) return rounded(value, 6);
  if (!std::isfinite(error)) return rounded(value, 6) + ", error not resolved";
  const bool readable = std::abs(value) < 1e15 && error > 1e-12 && error < 1e6;
  if (!readable) return fmt::format("{:.6g} ± {:.2g}", value, error);
  int exponent = static_cast<int>(std::floor(std::log10(error)));
  int digits = error / std::pow(10.0, exponent) < 1.95 ? 2 : 1;
  int decimals = digits - 1 - exponent;
  double units = std::round(error * std::pow(10.0, decimals));
  if (digits == 1 && units >= 10) units = 1, --decimals;
  if (decimals <= 0) return fmt::format("{:.0f}({:.0f})", value, std::round(error));
  if (exponent >= 0)  // the error has a decimal point itself
    return fmt::format("{:.{}f}({:.{}f})", value, decimals, error, decimals);
  return fmt::format("{:.{}f}({:.0f})", value, decimals, units);
}

std::string rounded(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}g}", value, digits) : "-";
}

std::string fixed(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "-";
}

std::string duration(double seconds) {
  if (!(std::abs(seconds) < 1e15)) return "-";  // of a file
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace quartic
