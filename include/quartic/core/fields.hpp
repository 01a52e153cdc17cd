// The one description of a result: fields(row, visit) calls visit(name, member, meaning) for each
// member of a row or verdict. Run files, JSON, Python, progress and the documents of the layout are
// visitors; no other place names a member again.
//
//     template <FieldsOf<LearnRow> Row, class Visit>
//     void fields(Row& row, Visit&& visit) {
//       visit("epoch", row.epoch, "0 is the start, before any update");
//     }
//
// Members are numbers, bool, Estimate, ComplexEstimate, std::string, or have fields themselves,
// whose names then follow that of the member; an empty name adds nothing to it.
#pragma once

#include <concepts>
#include <type_traits>

namespace quartic {

/// T or const T: one function reads and writes.
template <class Row, class T>
concept FieldsOf = std::same_as<std::remove_const_t<Row>, T>;

}  // namespace quartic
