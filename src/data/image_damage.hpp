// Damage in images that stb_image 2.27 overlooks or trips over, found before it sees them.
#pragma once

#include <string_view>

namespace quartic::data {

/// Whether all chunks of a PNG are there with their checksums, which stb_image skips. O(size).
bool is_whole_png(std::string_view bytes);

/// Whether every Huffman table of a JPEG has at most 256 codes: stb_image 2.27 writes beyond its
/// own tables otherwise. O(size).
bool has_sound_tables(std::string_view bytes);

}  // namespace quartic::data
