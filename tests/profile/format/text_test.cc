#include "profile/format/text.h"

#include <gtest/gtest.h>

#include "tests/support/sample_profile.h"

namespace nanospan::profile {
namespace {

TEST(Text, CollapsedIsOneLineAStack) {
  EXPECT_EQ(collapsed_text(testing::sample_profile()), "main;jit 30000000\nmain;leaf:with odd 10000000\n");
}

TEST(Text, SpeedscopeHasSharedFramesAndAProfileForEachValue) {
  EXPECT_EQ(speedscope_json(testing::sample_profile()),
            R"({"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"nanospan",)"
            R"("shared":{"frames":)"
            R"([{"name":"leaf;with\nodd"},{"name":"main"},{"name":"jit"}]},"profiles":)"
            R"([{"type":"sampled","name":"samples","unit":"none","startValue":0,"endValue":4,)"
            R"("samples":[[1,0],[1,2]],"weights":[1,3]},)"
            R"({"type":"sampled","name":"cpu","unit":"nanoseconds","startValue":0,"endValue":40000000,)"
            R"("samples":[[1,0],[1,2]],"weights":[10000000,30000000]}]})");
}

TEST(Text, TheListingShowsTheHeaviestFirst) {
  EXPECT_EQ(listing_text(testing::sample_profile()),
            "# a comment\n# value: samples/count\n# value: cpu/nanoseconds\n"
            "\n3 30000000 \n    jit\n    main  main.cc:7\n"
            "\n1 10000000  http.route=/a\"b thread_id=7\n    leaf;with\nodd\n    main  main.cc:7\n");
}

TEST(Text, InlinedFunctionsAreFramesToo) {
  Profile profile = testing::sample_profile();
  profile.frames[1].inlined = {{"innermost", "a.h", 3}, {"between", "b.h", 5}};
  profile.samples.pop_back();
  EXPECT_EQ(collapsed_text(profile), "main;between;innermost;leaf:with odd 10000000\n");
  EXPECT_NE(listing_text(profile).find("odd\n    innermost  a.h:3\n    between  b.h:5\n    main  main.cc:7\n"),
            std::string::npos);
}

TEST(Text, ThePagesJson) {
  EXPECT_EQ(page_json(testing::sample_profile()),
            R"({"types":[["samples","count"],["cpu","nanoseconds"]],"default":1,"seconds":2,"unix_ms":1700000000000,)"
            R"("comments":["a comment"],"functions":["leaf;with\nodd","main","jit"],)"
            R"("modules":["app"],"module_of":[0,0,-1],)"
            R"("labels":[{"http.route":"/a\"b","thread_id":"7"},{}],)"
            R"("samples":[[0,[1,10000000],[1,0]],[1,[3,30000000],[1,2]]]})");
}

}  // namespace
}  // namespace nanospan::profile
