// Eigenvalues and axes of a symmetric matrix: Eigen's solver, compiled once.
#pragma once

#include <Eigen/Core>

namespace quartic {

struct SymmetricEigen {
  Eigen::VectorXd values;   ///< in ascending order
  Eigen::MatrixXd vectors;  ///< a column each
};
/// Its lower triangle is read. O(n^3).
SymmetricEigen symmetric_eigen(const Eigen::MatrixXd& matrix);

}  // namespace quartic
