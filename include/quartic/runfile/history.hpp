// The history of a learner: one row an epoch.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace quartic {

/// Row: LearnRow, FitRow, ..., with a member `epoch`.
template <class Row>
struct History {
  std::vector<std::string> parameters;  ///< labels
  std::vector<double> expected;         ///< what learning should reach, NaN where unknown
  std::vector<Row> rows;
  std::vector<double> theta, theta_error;  ///< rows x parameters: what the epoch sampled

  void append(const Row& row, const std::vector<double>& now, const std::vector<double>& error) {
    rows.push_back(row);
    theta.insert(theta.end(), now.begin(), now.end());
    theta_error.insert(theta_error.end(), error.begin(), error.end());
  }
  /// Drops rows of epochs >= epoch.
  void truncate(int epoch) {
    rows.erase(std::find_if(rows.begin(), rows.end(),
                            [epoch](const Row& row) { return row.epoch >= epoch; }),
               rows.end());
    theta.resize(rows.size() * parameters.size());
    theta_error.resize(rows.size() * parameters.size());
  }
};

}  // namespace quartic
