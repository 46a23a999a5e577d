#include "sandbox/covered_names.hpp"

#include <gmock/gmock.h>

#include <array>

namespace butler::sandbox::covered_names_test {
namespace {

TEST(CoveredNames, ANameIsCoveredWithAllBelowItAndWhatLeadsThereIsNoted) {
  struct Case {
    const char* name;
    Relation relation;
  };
  const CoveredNames covered{{".git/hooks", ".git/config", ".envrc"}};
  for (const auto& [name, relation] : std::array{
           Case{".git/hooks", Relation::covered}, Case{".git/hooks/pre-commit", Relation::covered},
           Case{".git/config", Relation::covered}, Case{".GIT/Hooks/x", Relation::covered},
           Case{".envrc", Relation::covered}, Case{".git", Relation::leads_to},
           Case{".Git", Relation::leads_to}, Case{".git/config.lock", Relation::free},
           Case{".git/hooks2", Relation::free}, Case{".git/index", Relation::free},
           Case{".gi", Relation::free}, Case{"a/.envrc", Relation::free}, Case{"file", Relation::free}}) {
    EXPECT_EQ(relation_of(name, covered), relation) << name;
  }
}

TEST(CoveredNames, TheLongestNameThatFitsDecides) {
  const CoveredNames names{.covered = {".git/modules", ".git/modules/a/config"},
                           .opened = {".git/modules/a"}};
  for (const auto& [name, relation] : std::array{
           std::pair{".git/modules", Relation::covered}, std::pair{".git/modules/b", Relation::covered},
           std::pair{".git/modules/a/index", Relation::free}, std::pair{".git/modules/a", Relation::leads_to},
           std::pair{".git/modules/a/config", Relation::covered},
           std::pair{".git/modules/a2", Relation::covered}}) {
    EXPECT_EQ(relation_of(name, names), relation) << name;
  }
}

}  // namespace
}  // namespace butler::sandbox::covered_names_test
