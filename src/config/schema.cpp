// The table of keys as a JSON schema (json-schema.org), for editors and other programs.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "config/table.hpp"
#include "quartic/config/config.hpp"

namespace quartic {
namespace {

using namespace binder;  // NOLINT: the table's vocabulary

using Json = nlohmann::ordered_json;

Json number_schema(const Range& range, bool integer) {
  Json out;
  out["type"] = integer ? "integer" : "number";
  out[range.low_excluded ? "exclusiveMinimum" : "minimum"] =
      integer ? std::max(range.low, -2147483648.0) : range.low;
  out["maximum"] = integer ? std::min(range.high, 2147483647.0) : range.high;
  if (range.multiple > 1) out["multipleOf"] = range.multiple;
  return out;
}

Json array_of(Json items, int least = 0) {
  Json out;
  out["type"] = "array", out["items"] = std::move(items);
  if (least > 0) out["minItems"] = least;
  return out;
}

Json array_of_just(int count, Json items) {
  Json out = array_of(std::move(items), count);
  out["maxItems"] = count;
  return out;
}

Json any_of(std::initializer_list<Json> kinds) {
  Json out;
  out["anyOf"] = kinds;
  return out;
}

Json constant(const char* word) {
  Json out;
  out["const"] = word;
  return out;
}

Json typed(const char* type) {
  Json out;
  out["type"] = type;
  return out;
}

Json words_schema(const std::vector<std::string_view>& names) {
  Json out;
  out["enum"] = names;
  return out;
}

Json value_schema(const Key& key) {
  const Json integer = number_schema(key.range, true), number = number_schema(key.range, false);
  const Json automatic = constant("auto"), text = typed("string"), truth = typed("boolean");
  const auto optional = [&](const Json& kind) {
    return key.omit_unset ? kind : any_of({automatic, kind});
  };
  return std::visit(
      Visit{
          [&](bool*) { return truth; },
          [&](int*) { return integer; },
          [&](AutoInt) {
            return any_of({automatic, integer});
          },
          [&](std::uint64_t*) {
            Json seed = integer;
            seed["maximum"] = std::numeric_limits<std::int64_t>::max();
            return seed;
          },
          [&](double*) { return number; },
          [&](std::complex<double>*) {
            return any_of({number, array_of_just(2, number)});
          },
          [&](std::string*) { return text; },
          [&](FileName) { return text; },
          [&](const EdgeList&) {
            return any_of({text, array_of(array_of_just(2, integer))});
          },
          [&](const Columns&) {
            return any_of({text, array_of(text, 1), array_of(number_schema(at_least(0), true), 1)});
          },
          [&](const Choice& c) { return words_schema(c.names); },
          [&](const Choices& c) {
            const Json one = words_schema(c.names);
            return any_of({one, array_of(one, 1)});
          },
          [&](OneOrMore) {
            return any_of({automatic, integer, array_of(integer, 1)});
          },
          [&](std::optional<int>*) { return optional(integer); },
          [&](std::optional<double>*) { return optional(number); },
          [&](std::optional<bool>*) { return optional(truth); },
          [&](ByKind) {
            return any_of({number, array_of_just(1, number), array_of_just(4, number)});
          },
          [&](std::vector<int>*) {
            return any_of({integer, array_of(integer)});
          },
          [&](std::vector<double>*) {
            return any_of({number, array_of(number)});
          },
          [&](const NameList& list) {
            const Json one = words_schema(list.names);
            return any_of({one, array_of(one)});
          },
          [&](CouplingStart*) {
            Json table = typed("object");
            const Json start = any_of({number, array_of_just(2, number), text});
            table["properties"] = {
                {"start", start},
                {"values", array_of(number, 1)},
                {"freedom", words_schema({words_of<Freedom>.begin(), words_of<Freedom>.end()})}};
            table["additionalProperties"] = false;
            return any_of({start, table});
          },
      },
      key.value);
}

Json together(std::initializer_list<const char*> keys) {
  Json out = Json::object();
  for (const char* key : keys)
    for (const char* other : keys)
      if (key != other) out[key].push_back(other);
  return out;
}

/// What a section's keys ask of each other.
void add_conditions(std::string_view section, Json& out) {
  if (section == "action") out["dependentRequired"] = together({"kappa", "mu2", "lambda"});
  if (section == "sample") out["dependentRequired"]["relative_error"] = Json::array({"until"});
  if (section == "target") out["required"] = Json::array({"term"});
  if (section != "model") return;
  Json& of_stack = out["if"];  // else there is one layer
  of_stack["properties"]["kind"] = constant("stack"), of_stack["required"] = Json::array({"kind"});
  for (const char* key : {"hidden", "hidden_units"}) out["else"]["properties"][key]["maxItems"] = 1;
}

Json section_schema(const Section& section) {
  Json out = typed("object"), properties = Json::object();
  for (const auto& key : section.keys) {
    Json value = value_schema(key);
    value["description"] = meaning(key);
    properties[std::string(key.name)] = std::move(value);
  }
  out["description"] = section.doc;
  out["properties"] = std::move(properties);
  out["additionalProperties"] = false;
  add_conditions(section.name, out);
  return out;
}

}  // namespace

std::string config_schema() {
  Config config;
  TermSpec spec;
  Json out, properties;
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  out["title"] = "A config of quartic";
  out["type"] = "object";
  for (const auto& section : sections(config))
    properties[std::string(section.name)] = section_schema(section);
  properties["target"] = array_of(section_schema(target_section(spec)), 1);
  out["properties"] = std::move(properties);
  out["additionalProperties"] = false;
  return out.dump(1) + "\n";
}

}  // namespace quartic
