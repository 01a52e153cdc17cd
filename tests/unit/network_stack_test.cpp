// Deep stacks: identities with the networks that they are made of.
#include <gtest/gtest.h>

#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/stack.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

/// Rows of values that the units can take, all different where there are enough.
std::vector<float> rows_of(const Layer& layer, int rows) {
  RandomStream random(3, Stream::check, 0);
  std::vector<float> out;
  for (int n = 0; n < rows; ++n)
    for (int i = 0; i < layer.size(); ++i)
      out.push_back(static_cast<float>(draw_unit(layer, i, 0.3 * n - 0.5, random)));
  return out;
}

std::vector<double> row(const std::vector<float>& rows, int n, int width) {
  const auto from = rows.begin() + static_cast<std::ptrdiff_t>(n) * width;
  return {from, from + width};
}

DeepStack three_layers(Unit visible = Unit::quartic) {
  return DeepStack({sample_network(visible, Unit::binary, 3, 4),
                    sample_network(Unit::binary, Unit::gaussian, 4, 2),
                    sample_network(Unit::gaussian, Unit::spin, 2, 3)});
}

LogZ exactly(const Network& network) {
  LogZ z;
  z.value = z.forward = z.reverse = {exact_log_z(network), 0};
  z.exact = true;
  return z;
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const BadInput& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DeepStack, ExpectationsAreThoseOfTheConditionals) {
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      SCOPED_TRACE(pair_name(visible, hidden));
      const Network network = sample_network(visible, hidden, 3, 2, 0.4);
      const auto rows = rows_of(network.visible, 5);
      const auto up = hidden_values(network, rows, UnitValues::expectations, {1});
      const auto hidden_rows = rows_of(network.hidden, 5);
      const auto down = visible_values(network, hidden_rows, UnitValues::expectations, {1});
      for (int n = 0; n < 5; ++n) {
        const auto on_hidden = network.field_on_hidden(row(rows, n, 3));
        for (int j = 0; j < 2; ++j)
          EXPECT_NEAR(up[2 * n + j], network.hidden.moments(j, on_hidden[j]).mean, 5e-5);
        const auto on_visible = field_on_visible(network, row(hidden_rows, n, 2));
        for (int i = 0; i < 3; ++i)
          EXPECT_NEAR(down[3 * n + i], network.visible.moments(i, on_visible[i]).mean, 5e-5);
      }
    }
  }
}

TEST(DeepStack, FractionsOfDiscreteUnitsAreTakenAsTheyAre) {
  const Network network = sample_network(Unit::binary, Unit::binary, 3, 2);
  const std::vector<float> rows{0.25F, 0.5F, 0.875F};
  const auto up = hidden_values(network, rows, UnitValues::expectations, {1});
  const auto field = network.field_on_hidden(row(rows, 0, 3));
  for (int j = 0; j < 2; ++j) EXPECT_NEAR(up[j], network.hidden.moments(j, field[j]).mean, 1e-6);
}

TEST(DeepStack, TransformGoesThroughTheLayers) {
  const DeepStack stack = three_layers();
  const auto rows = rows_of(stack.networks()[0].visible, 300);
  for (const auto values : {UnitValues::samples, UnitValues::expectations}) {
    const RowStreams streams{9, 4};
    std::vector<float> expected = rows;
    for (int layer = 1; layer <= 3; ++layer) {
      expected =
          hidden_values(stack.networks()[layer - 1], expected, values, streams.of_layer(layer - 1));
      EXPECT_EQ(stack.transform(rows, layer, values, streams), expected);
    }
  }
}

TEST(DeepStack, RowsDrawFromStreamsOfTheirOwn) {
  const Network network = sample_network(Unit::quartic, Unit::gaussian, 3, 2);
  const auto rows = rows_of(network.visible, 5000);
  const auto all = hidden_values(network, rows, UnitValues::samples, {5}, 1);
  EXPECT_EQ(hidden_values(network, rows, UnitValues::samples, {5}, 3), all);
  EXPECT_NE(hidden_values(network, rows, UnitValues::samples, {6}), all);
  const auto part = hidden_values(network, std::span(rows).subspan(3 * 128, 3 * 256),
                                  UnitValues::samples, {5, 128});
  for (std::size_t k = 0; k < part.size(); ++k) ASSERT_NEAR(part[k], all[2 * 128 + k], 1e-5);
  // Layers and parts are far apart.
  EXPECT_NE(RowStreams{5}.of_layer(0).first, RowStreams{5}.of_layer(1).first);
  const auto other = hidden_values(network, rows, UnitValues::samples, RowStreams{5}.of_layer(0));
  EXPECT_NE(other, all);
}

TEST(DeepStack, OfOneNetworkIsTheNetwork) {
  const Network network = sample_network(Unit::quartic, Unit::binary, 3, 4);
  const DeepStack stack({network});
  const auto rows = rows_of(network.visible, 50);
  const LogZ z = exactly(network);
  const auto bound = stack.bound(rows, z, {1}), exact = log_likelihood(network, rows, z);
  EXPECT_EQ(bound.value.value, exact.value.value);
  EXPECT_EQ(bound.rows_error, exact.rows_error);
  EXPECT_EQ(stack.energies(rows, {1}), free_energies(network, rows));
}

/// The second network is the first upside down: the stack is the first network again, and the bound
/// is its ln p whatever is drawn (Hinton, Osindero & Teh, sec. 4).
TEST(DeepStack, BoundIsTightWhereTheSecondNetworkIsTheFirstUpsideDown) {
  for (const Unit hidden : all_units) {
    SCOPED_TRACE(name(hidden));
    const Network network = sample_network(Unit::gaussian, hidden, 3, 2, 0.3);
    const DeepStack stack({network, network.transposed()});
    const auto rows = rows_of(network.visible, 50);
    const LogZ z = exactly(network);
    const auto bound = stack.bound(rows, z, {8}), exact = log_likelihood(network, rows, z);
    EXPECT_NEAR(bound.value.value, exact.value.value, 1e-6);
    EXPECT_NEAR(bound.rows_error, exact.rows_error, 1e-6);
  }
}

TEST(DeepStack, RefusesWhatCannotBe) {
  const Network below = sample_network(Unit::quartic, Unit::binary, 3, 2);
  EXPECT_NE(refusal([&] {
              DeepStack({below, sample_network(Unit::binary, Unit::binary, 3, 2)});
            }).find("layer 2 of the stack has 3 binary units to see, but the one below hides 2"),
            std::string::npos);
  EXPECT_NE(refusal([&] {
              DeepStack({below, sample_network(Unit::spin, Unit::binary, 2, 2)});
            }).find("2 spin units"),
            std::string::npos);
  EXPECT_NE(refusal([] { DeepStack({}); }).find("no networks"), std::string::npos);
  const Network loose = sample_network(Unit::gaussian, Unit::gaussian, 2, 2, 50);
  EXPECT_NE(refusal([&] { DeepStack({loose}); }), "accepted");
  const DeepStack stack({below});
  const std::vector<float> rows(6);
  EXPECT_NE(refusal([&] { stack.transform(rows, 2, UnitValues::samples, {1}); }).find("layer 2"),
            std::string::npos);
  EXPECT_NE(refusal([&] {
              stack.transform(std::span(rows).first(5), 1, UnitValues::samples, {1});
            }).find("5 values"),
            std::string::npos);
}

}  // namespace
}  // namespace quartic
