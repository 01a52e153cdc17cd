// The one description of a result: fields(row, visit) calls visit(name, member) for each member of
// a row or verdict. Run files, JSON and progress are visitors; what each member means stands in the
// layout of the run file (docs/run-file-layout.json), which a test holds against what they write.
//
//     template <FieldsOf<LearnRow> Row, class Visit>
//     void fields(Row& row, Visit&& visit) {
//       members(visit, "epoch", row.epoch, "rate", row.rate);
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

/// visit(name, member) for every pair.
template <class Visit, class Member, class... Rest>
void members(Visit&& visit, const char* name, Member& member, Rest&... rest) {
  visit(name, member);
  if constexpr (sizeof...(rest) > 0) members(visit, rest...);
}

}  // namespace quartic
