#include "runfile/run_data.hpp"

#include "runfile/run_parts.hpp"

namespace quartic::run_parts {

void write_data(hdf5::Writer& out, const FitData& data, int columns) {
  out.dimension<double>("data", "offset", view(data.scaling.offset));
  out.dimension<double>("data", "scale", view(data.scaling.scale));
  out.attribute("data", "description", data.description);
  out.attribute("data", "checksum", data.checksum);
  out.attribute("data", "scaling", std::string(name(data.scaling.method)));
  out.attribute("data", "rows", static_cast<std::uint64_t>(data.rows));
  out.attribute("data", "held_out", static_cast<std::uint64_t>(data.held_out));
  out.attribute("data", "pass_seconds", data.pass_seconds);
  const std::vector<std::int32_t> shape(data.row_shape.begin(), data.row_shape.end());
  out.attributes("data", "row_shape", view(shape));
  out.count("observed_data", "row", data.examples.size() / columns);
  out.count("observed_data", "site", columns);
  out.write("observed_data/phi", view(data.examples), {"row", "site"});
}

FitData read_data(const hdf5::Reader& in, int columns) {
  FitData data;
  data.description = in.text_attribute("data", "description");
  data.checksum = in.text_attribute("data", "checksum");
  data.scaling.method = read_word<ScalingMethod>(in, in.text_attribute("data", "scaling"));
  data.scaling.offset = in.read<double>("data/offset");
  data.scaling.scale = in.read<double>("data/scale");
  data.scaling.check(columns);
  data.rows = in.attribute<std::uint64_t>("data", "rows");
  data.held_out = in.attribute<std::uint64_t>("data", "held_out");
  data.pass_seconds = in.attribute<double>("data", "pass_seconds");
  for (const int extent : in.attributes<std::int32_t>("data", "row_shape"))
    data.row_shape.push_back(static_cast<std::size_t>(extent));
  data.examples = in.read<float>("observed_data/phi");
  return data;
}

}  // namespace quartic::run_parts
