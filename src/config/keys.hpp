// The table of keys, section by section; sections() puts it together.
#pragma once

#include "config/table.hpp"

namespace quartic::binder {

// Of fields: field_keys.cpp.
std::vector<Key> graph_keys(GraphConfig& graph);
std::vector<Key> action_keys(ActionConfig& action);
std::vector<Key> learn_keys(VariationalOptions& options);
std::vector<Key> fit_keys(LikelihoodOptions& options);
std::vector<Key> sample_keys(SampleConfig& sample);
std::vector<Key> sampler_keys(SamplerConfig& sampler);
std::vector<Key> certificate_keys(CertificateConfig& certificate);

// Of networks: network_keys.cpp.
std::vector<Key> model_keys(ModelConfig& model);
std::vector<Key> training_keys(Config& config);
std::vector<Key> evaluation_keys(EvaluationConfig& evaluation);

// Of data: data_keys.cpp. `seed` and `fixed_scaling` are no keys of it; require_readable follows.
std::vector<Key> data_keys(DataOptions& options);

}  // namespace quartic::binder
