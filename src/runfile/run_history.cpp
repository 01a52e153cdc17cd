#include "runfile/run_history.hpp"

namespace quartic::run_parts {

void write_parameters(hdf5::Writer& out, const Parameters& parameters, const Action& action,
                      const std::vector<double>& theta_error) {
  Action errors(action.graph);
  if (!theta_error.empty()) parameters.scatter(theta_error, errors);
  for (const auto kind : all_coupling_kinds) {
    out.write(coupling_path(kind, "_error"), view(errors.couplings(kind)),
              {kind == CouplingKind::w ? "edge" : "site"});
    out.attribute("model", fmt::format("freedom_{}", name(kind)),
                  std::string(name(parameters.freedom(kind))));
  }
}

LearnedParameters read_parameters(const hdf5::Reader& in, const Action& action) {
  LearnedParameters found;
  Action errors(action.graph);
  for (const auto kind : all_coupling_kinds) {
    errors.couplings(kind) =
        in.read<double>(coupling_path(kind, "_error"), action.couplings(kind).size());
    found.freedom[static_cast<int>(kind)] =
        read_word<Freedom>(in, in.text_attribute("model", fmt::format("freedom_{}", name(kind))));
  }
  // Errors by parameter; a tied kind's are all equal, and dividing their sum by their number could
  // round.
  const Parameters parameters(action.graph, found.freedom);
  for (const auto kind : all_coupling_kinds) {
    const auto& values = errors.couplings(kind);
    const int count = parameters.end(kind) - parameters.begin(kind);
    found.theta_error.insert(found.theta_error.end(), values.begin(), values.begin() + count);
  }
  return found;
}

}  // namespace quartic::run_parts
