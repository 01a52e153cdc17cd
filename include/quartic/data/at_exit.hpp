// What a program that reads or writes data says before it does.
#pragma once

namespace quartic {

/// HDF5 does nothing when the program ends: it may loop there over a damaged file, and has nothing
/// to put out. To be called before any data are read.
void end_without_hdf5();

}  // namespace quartic
