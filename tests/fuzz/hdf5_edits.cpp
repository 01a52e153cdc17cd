#include "fuzz/hdf5_edits.hpp"

#include <algorithm>
#include <array>

namespace quartic::fuzz {
namespace {

herr_t note(hid_t, const char* name, const H5L_info_t*, void* out) {
  static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

hid_t type_of(Choices& choices) {
  const std::array types{H5T_NATIVE_DOUBLE, H5T_NATIVE_FLOAT, H5T_NATIVE_INT32, H5T_NATIVE_INT64,
                         H5T_NATIVE_UINT32, H5T_NATIVE_INT8,  H5T_IEEE_F64BE,   H5T_C_S1};
  return types[choices.below(types.size())];
}

/// Values that are not what is expected, or nearly.
void fill(std::vector<double>& values, Choices& choices) {
  const std::array odd{0.0,
                       1.0,
                       -1.0,
                       0.5,
                       1e300,
                       -1e300,
                       1e-320,
                       2e9,
                       -2e9,
                       3.0,
                       16.0,
                       1e38,
                       __builtin_nan(""),
                       __builtin_inf(),
                       63.0,
                       65536.0,
                       4.3e9,
                       9e18};
  for (double& value : values) value = odd[choices.below(odd.size())];
}

void put_dataset(hid_t file, const std::string& path, Choices& choices) {
  const int rank = static_cast<int>(choices.below(4));
  std::array<hsize_t, 4> extent{};
  hsize_t count = 1;
  for (int k = 0; k < rank; ++k) count *= extent[k] = choices.below(7);
  const hid_t type = type_of(choices);
  const hid_t space =
      rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extent.data(), nullptr);
  const hid_t set =
      H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (set >= 0 && type != H5T_C_S1 && count > 0) {
    std::vector<double> values(count);
    fill(values, choices);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  }
  if (set >= 0) H5Dclose(set);
  H5Sclose(space);
}

void change_values(hid_t file, const std::string& path, Choices& choices) {
  const hid_t set = H5Dopen2(file, path.c_str(), H5P_DEFAULT);
  if (set < 0) return;
  const hid_t type = H5Dget_type(set), space = H5Dget_space(set);
  const auto count = H5Sget_simple_extent_npoints(space);
  const H5T_class_t kind = H5Tget_class(type);
  if (count > 0 && count < 1 << 16 && (kind == H5T_FLOAT || kind == H5T_INTEGER)) {
    std::vector<double> values(count), odd(1);
    H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    fill(odd, choices);
    values[choices.below(values.size())] = odd[0];
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  }
  H5Tclose(type), H5Sclose(space), H5Dclose(set);
}

void change_attribute(hid_t file, const std::string& path, Choices& choices) {
  const hid_t object = H5Oopen(file, path.c_str(), H5P_DEFAULT);
  if (object < 0) return;
  H5O_info_t info;
  if (H5Oget_info(object, &info) >= 0 && info.num_attrs > 0) {
    char name[256] = {};
    H5Aget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, choices.below(info.num_attrs), name,
                       sizeof name, H5P_DEFAULT);
    H5Adelete(object, name);
    if (choices.byte() % 3 != 0) {
      const hid_t space = H5Screate(H5S_SCALAR), type = type_of(choices);
      const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
      std::vector<double> value(1);
      fill(value, choices);
      if (attribute >= 0 && type != H5T_C_S1) H5Awrite(attribute, H5T_NATIVE_DOUBLE, value.data());
      if (attribute >= 0) H5Aclose(attribute);
      H5Sclose(space);
    }
  }
  H5Oclose(object);
}

}  // namespace

std::vector<std::string> objects_of(hid_t file) {
  std::vector<std::string> out;
  H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, note, &out);
  return out;
}

void edit(hid_t file, const std::vector<std::string>& objects, Choices& choices) {
  if (objects.empty()) return;
  const std::string& path = objects[choices.below(objects.size())];
  const std::string& other = objects[choices.below(objects.size())];
  switch (choices.byte() % 8) {
    case 0:
      H5Ldelete(file, path.c_str(), H5P_DEFAULT);
      break;
    case 1:
      H5Ldelete(file, path.c_str(), H5P_DEFAULT);
      H5Lcreate_soft(("/" + other).c_str(), file, path.c_str(), H5P_DEFAULT, H5P_DEFAULT);
      break;
    case 2:
      H5Ldelete(file, path.c_str(), H5P_DEFAULT);
      H5Lcreate_hard(file, other.c_str(), file, path.c_str(), H5P_DEFAULT, H5P_DEFAULT);
      break;
    case 3:
    case 4:
      H5Ldelete(file, path.c_str(), H5P_DEFAULT);
      put_dataset(file, path, choices);
      break;
    case 5:
      change_attribute(file, path, choices);
      break;
    default:
      change_values(file, path, choices);
  }
}

}  // namespace quartic::fuzz
