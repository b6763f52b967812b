#include "gateway/http/router.h"

#include <gmock/gmock.h>

#include "gateway/errors.h"
#include "gateway/http/uri.h"
#include "tests/support/status_matchers.h"

namespace campaigner::gateway::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

PathPattern Pattern(std::string_view text) {
  auto pattern = PathPattern::Parse(text);
  EXPECT_OK(pattern);
  return *pattern;
}

TEST(PathPatternTest, Matches) {
  EXPECT_TRUE(Pattern("/v1/messages:send").Match("/v1/messages:send"));
  EXPECT_THAT(*Pattern("/v1/{a}/b").Match("/v1/x%2Fy/b"), ElementsAre(Pair("a", "x/y")));
  EXPECT_THAT(*Pattern("/v1/{a.b}:go").Match("/v1/7:go"), ElementsAre(Pair("a.b", "7")));
  EXPECT_THAT(*Pattern("/{a}/{b}").Match("/1/2"), ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST(PathPatternTest, DoesNotMatch) {
  const struct {
    const char* pattern;
    const char* path;
  } cases[] = {
      {"/v1/a", "/v1/a/"},     {"/v1/a", "/v1"},        {"/v1/a", ""},
      {"/v1/a", "v1/a"},       {"/v1/{a}", "/v1/"},     {"/v1/{a}", "/v1"},
      {"/v1/{a}", "/v1/x/y"},  {"/v1/{a}", "/v1/x:go"}, {"/v1/{a}:go", "/v1/:go"},
      {"/v1/{a}:go", "/v1/x"}, {"/v1/{a}", "/v1/%zz"},  {"/v1/{a}", "/v1/%4"},
      {"/v1/{a}/b", "/v1//b"}, {"/v1/a", "/v1/%61"},
  };
  for (const auto& [pattern, path] : cases) {
    EXPECT_FALSE(Pattern(pattern).Match(path)) << pattern << " " << path;
  }
}

TEST(PathPatternTest, RefusesWhatItDoesNotKnow) {
  for (const char* pattern : {"", "v1", "/v1/{a=b/*}", "/v1/*", "/v1/**", "/{}", "/{a", "/a}"}) {
    EXPECT_THAT(PathPattern::Parse(pattern), testing::StatusIs(absl::StatusCode::kInvalidArgument))
        << pattern;
  }
}

Route MakeRoute(const char* method, const char* pattern) {
  return {method, pattern, [](const Request&, Responder) {}, NativeHttpError};
}

TEST(RouterTest, FindsByMethodAndPath) {
  ASSERT_OK_AND_ASSIGN(
      const Router router,
      Router::Make({MakeRoute("GET", "/a"), MakeRoute("POST", "/a"), MakeRoute("GET", "/{x}"),
                    MakeRoute("DELETE", "/{x}"), MakeRoute("POST", "/{x}:go")}));
  EXPECT_EQ(router.Find("POST", "/a").route, &router.routes()[1]);
  EXPECT_EQ(router.Find("HEAD", "/a").route, &router.routes()[0]);
  EXPECT_EQ(router.Find("GET", "/b").route, &router.routes()[2]);
  EXPECT_THAT(router.Find("GET", "/b").variables, ElementsAre(Pair("x", "b")));
  EXPECT_EQ(router.Find("POST", "/b:go").route, &router.routes()[4]);
  EXPECT_EQ(router.Find("GET", "/a/b").route, nullptr);
  EXPECT_EQ(router.Find("GET", "/a/b").other_method, nullptr);
}

TEST(RouterTest, TellsTheMethodsOfAPath) {
  ASSERT_OK_AND_ASSIGN(
      const Router router,
      Router::Make({MakeRoute("GET", "/a"), MakeRoute("POST", "/a"), MakeRoute("DELETE", "/{x}")}));
  const Router::Match match = router.Find("PUT", "/a");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_NE(match.other_method, nullptr);
  EXPECT_EQ(match.allowed_methods, "GET, HEAD, POST");
}

TEST(RouterTest, KnowsWhichRoutesTakeStreams) {
  Route upload = MakeRoute("POST", "/a");
  upload.serve_stream = [](const Request&, const Resume&, Responder) { return nullptr; };
  ASSERT_OK_AND_ASSIGN(const Router router, Router::Make({MakeRoute("GET", "/a"), upload}));
  EXPECT_TRUE(router.TakesStream("POST", "/a"));
  EXPECT_FALSE(router.TakesStream("GET", "/a"));
  EXPECT_FALSE(router.TakesStream("POST", "/b"));
  upload.pattern = "/{x}";
  EXPECT_THAT(Router::Make({upload}), testing::StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(UriTest, Decodes) {
  EXPECT_EQ(PercentDecode("a%20b+c", false), "a b+c");
  EXPECT_EQ(PercentDecode("a%20b+c", true), "a b c");
  for (const char* broken : {"%", "%4", "%zz", "a%2"}) {
    EXPECT_EQ(PercentDecode(broken, false), std::nullopt) << broken;
  }
}

TEST(UriTest, ParsesQueries) {
  EXPECT_THAT(*ParseQuery("a=1&b&c=%26=&&d="),
              ElementsAre(Pair("a", "1"), Pair("b", ""), Pair("c", "&="), Pair("d", "")));
  EXPECT_FALSE(ParseQuery("a=%"));
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "a&";
  EXPECT_FALSE(ParseQuery(many));
}

}  // namespace
}  // namespace campaigner::gateway::http
