#include "config/reference.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "config/systemd_environment.hpp"
#include "config/variables.hpp"

namespace butler::config::reference_test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ConfigurationReference, TheDocumentIsWhatTheTableSays) {
  std::ifstream file(BUTLER_SOURCE_DIR "/docs/configuration.md");
  const std::string document{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_EQ(document, render_reference())
      << "run: build/release/butler config reference > docs/configuration.md";
}

TEST(ConfigurationReference, EachVariableHasOneRow) {
  const auto text = render_reference();
  for (const Variable& variable : variables()) {
    const auto row = "\n| `" + std::string{variable.name} + "` | ";
    EXPECT_THAT(text, HasSubstr(row));
    EXPECT_EQ(text.find(row), text.rfind(row)) << variable.name;
  }
}

TEST(ConfigurationReference, NothingLooksLikeATagOrASurplusCell) {
  EXPECT_THAT(render_reference(), Not(HasSubstr(" <home>/runtime")));
}

TEST(SystemdEnvironment, ValuesAreReadBackAsTheyWere) {
  EXPECT_EQ(
      render_systemd_environment({{"A", "plain"}, {"B", "a \"b\" c\\d $HOME `x` #y"}, {"C", "two\nlines"}}),
      "A=\"plain\"\nB=\"a \\\"b\\\" c\\\\d \\$HOME \\`x\\` #y\"\nC=\"two\nlines\"\n");
}

}  // namespace
}  // namespace butler::config::reference_test
