#include <fmt/format.h>

#include "config/keys.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace binder {

std::vector<Key> data_keys(DataOptions& o) {
  return {
      {"path", FileName{&o.path},
       "npy, npz, HDF5, IDX, CSV, an image, a folder of images or a run file", no_range, true},
      {"dataset", &o.dataset, "of an HDF5 file, or array of an npz archive; default: the only one",
       no_range, true},
      {"format", choice(o.format), "auto: by the file's content"},
      {"rows", &o.rows, "the first so many; default: all", at_least(1), true},
      {"columns", Columns{&o.columns, &o.column_names},
       "by number, counted from 0, such as \"1-784\" or \"0,2,5-7\", or by name, such as "
       "[\"width\", "
       "\"height\"]; default: all",
       no_range, true},
      {"binarise", &o.binarise, "values above it become 1, others 0", no_range, true},
      {"held_out", &o.held_out, "fraction of the rows kept from learning, chosen by the seed",
       between(0, 0.99)},
      {"scaling", choice(o.scaling),
       "auto: none of a field and of discrete units; of a network that is learned exactly the best "
       "of standardise, power, whiten and power-whiten, else standardise; none; standardise: "
       "columns "
       "to mean 0, variance 1; unit: all to [-1, 1]; constants; power: each column by the monotone "
       "map of Yeo and Johnson, against heavy tails; whiten: uncorrelated columns along the "
       "principal axes; zca: the same turned back; power-whiten: both"},
      {"offset", &o.offset, "for constants: model = (data - offset) / scale; 0", no_range, true},
      {"scale", &o.scale, "for constants; 1", no_range, true},
  };
}

}  // namespace binder

void require_readable(const DataOptions& options, const std::string& where) {
  if (options.path.empty())
    throw BadInput(fmt::format("{}: [data] has no 'path'", where), "path = \"data.npy\"");
  const bool given = options.offset || options.scale;
  if (given && options.scaling != ScalingMethod::constants) {
    throw BadInput(
        fmt::format("{}: offset and scale in [data] belong to scaling = \"constants\"", where),
        "another scaling finds its own");
  }
  if (!given && options.scaling == ScalingMethod::constants)
    throw BadInput(
        fmt::format("{}: scaling = \"constants\" needs offset or scale in [data]", where),
        "model = (data - offset) / scale");
  if (options.scale == 0.0)
    throw BadInput(fmt::format("{}: scale in [data] cannot be 0", where),
                   "model = (data - offset) / scale");
}

}  // namespace quartic
