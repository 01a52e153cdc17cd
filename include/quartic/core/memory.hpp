// How much memory there is, asked before much of it is taken.
#pragma once

#include <string>

namespace quartic {

/// What this process may have, in bytes: the least of the machine's memory, those of its control
/// groups (as a container or Slurm gives it), and its own limits (ulimit -v, ulimit -d). Read anew
/// every time; some microseconds.
double memory_limit();

/// 12 kB, 3.4 MB, 1.2 GB, 3.4 TB.
std::string bytes_text(double bytes);

/// Throws BadInput "WHAT take 3.2 TB of memory, there are 16.0 GB" where `bytes` are more than
/// there are. To be asked before whatever grows with a number that a user gives; the hint names the
/// number.
void require_memory(double bytes, const std::string& what, const std::string& hint);

}  // namespace quartic
