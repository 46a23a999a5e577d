#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "digest/sha256.hpp"
#include "orchestrator/service_fixture.hpp"

// Files of jobs: who may bring which, what is left of one that fails, and jobs that wait for theirs.
namespace butler::orchestrator::artifact_service_test {
namespace {

using namespace std::chrono_literals;
using api::ArtifactSource;
using domain::JobStatus;
using testing::HasSubstr;

class ArtifactServiceTest : public testing::Test, protected ServiceFixture {
 protected:
  static api::CreateJobRequest with_attachments(std::vector<std::string> names,
                                                const std::string& session = "s1") {
    auto body = task(session);
    body.attachments = std::move(names);
    return body;
  }

  static ArtifactCaller worker(const LeaseService::Token& token) {
    return {.source = ArtifactSource::worker, .lease_token = token};
  }

  std::filesystem::path place(const std::string& id, const std::string& name) const {
    return folder.path() / "artifacts" / id / name;
  }

  static std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  /// Nothing is on its way.
  bool nothing_half() const { return std::filesystem::is_empty(folder.path() / "artifacts" / ".incoming"); }

  std::string code(const Outcome<ArtifactService::Put>& put) { return put ? "" : put.error().code; }

  std::vector<store::StoredEvent> events(const std::string& id) {
    return store->events_after(store->find(id)->row, 0).events;
  }

  void abort_incomplete() {
    request([&] {
      jobs->abort_incomplete(now.wall);
      return 0;
    });
  }
};

// ---- files

TEST_F(ArtifactServiceTest, WhatIsPutIsAPrivateFileAndARow) {
  const auto id = create(task()).id;

  const auto done = put(id,
                        {.name = "1-photo.jpg",
                         .content_type = "image/jpeg",
                         .sha256 = digest::sha256_hex("bytes"),
                         .kind = api::ArtifactKind::photo,
                         .caption = "a cat"},
                        "bytes");

  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->is_new);
  EXPECT_EQ(done->artifact.size, 5);
  EXPECT_EQ(done->artifact.sha256, digest::sha256_hex("bytes"));
  EXPECT_EQ(done->artifact.source, ArtifactSource::gateway);
  EXPECT_EQ(content(place(id, "1-photo.jpg")), "bytes");
  struct stat status{};
  ASSERT_EQ(::stat(place(id, "1-photo.jpg").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat(place(id, "").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
  EXPECT_TRUE(nothing_half());
}

TEST_F(ArtifactServiceTest, TheSameAgainChangesNothingAndAnotherIsRefused) {
  const auto id = create(task()).id;
  put(id, "a", "bytes");

  const auto again = put(id, "a", "bytes");
  EXPECT_TRUE(again && !again->is_new);
  EXPECT_EQ(code(put(id, "a", "other")), "artifact_exists");

  EXPECT_EQ(content(place(id, "a")), "bytes");
  EXPECT_EQ(store->artifacts().of_job(store->find(id)->row).size(), 1U);
}

TEST_F(ArtifactServiceTest, OfTwoThatCameAtTheSameTimeTheFirstStays) {
  const auto id = create(task()).id;
  const auto one = upload(id, {.name = "a"}, "one");
  const auto other = upload(id, {.name = "a"}, "other");

  EXPECT_TRUE(request([&] { return artifacts->finish({}, id, **one, now); }));
  const auto late = request([&] { return artifacts->finish({}, id, **other, now); });

  EXPECT_EQ(code(late), "artifact_exists");
  EXPECT_EQ(content(place(id, "a")), "one");
}

TEST_F(ArtifactServiceTest, BytesThatAreNotThoseThatWerePromisedLeaveNothing) {
  const auto id = create(task()).id;

  EXPECT_EQ(code(put(id, {.name = "a", .sha256 = digest::sha256_hex("bytes")}, "bytez")), "hash_mismatch");

  EXPECT_FALSE(std::filesystem::exists(place(id, "a")));
  EXPECT_TRUE(nothing_half());
}

TEST_F(ArtifactServiceTest, AnUploadThatBreaksOffLeavesNothing) {
  const auto id = create(task()).id;
  auto begun = upload(id, {.name = "a"}, "half");
  EXPECT_FALSE(nothing_half());

  begun->reset();

  EXPECT_TRUE(nothing_half());
}

TEST_F(ArtifactServiceTest, AStartRemovesWhatWasOnItsWayAndFilesWithoutARow) {
  const auto id = create(task()).id;
  put(id, "a", "bytes");
  std::ofstream(folder.path() / "artifacts" / ".incoming" / "artifact.x") << "half";
  std::ofstream(place(id, "orphan")) << "no row";
  std::filesystem::create_directories(place("gone", ""));
  std::ofstream(place("gone", "a")) << "no job";

  restart();
  EXPECT_TRUE(nothing_half());
  for (const auto& job_id : files->jobs()) files->remove_unknown(job_id, store->artifacts().names(job_id));

  EXPECT_EQ(files->jobs(), std::vector<std::string>{id});
  EXPECT_EQ(content(place(id, "a")), "bytes");
  EXPECT_FALSE(std::filesystem::exists(place(id, "orphan")));
}

TEST_F(ArtifactServiceTest, AFileThatHasGoneIsNotServedAsAnother) {
  const auto id = create(task()).id;
  put(id, "a", "bytes");
  put(id, "b", "bytes");
  std::filesystem::remove(place(id, "a"));
  std::ofstream(place(id, "b")) << "longer than it was";

  EXPECT_EQ(request([&] { return artifacts->open({}, id, "a", now); }).error().status, 503);
  EXPECT_EQ(request([&] { return artifacts->open({}, id, "b", now); }).error().status, 503);
  EXPECT_EQ(request([&] { return artifacts->open({}, id, "c", now); }).error().code, "artifact_not_found");
}

// ---- quotas

TEST_F(ArtifactServiceTest, TheHomesQuotaHoldsForRowsForWhatIsOnItsWayAndForWhatHasNoLength) {
  const auto id = create(task()).id;
  EXPECT_TRUE(put(id, "a", std::string(6'000, 'a')));
  EXPECT_EQ(code(put(id, "b", std::string(4'001, 'b'))), "storage_full");

  auto on_its_way = upload(id, {.name = "c"}, std::string(3'000, 'c'));
  ASSERT_TRUE(on_its_way);
  EXPECT_EQ(code(put(id, "d", std::string(1'001, 'd'))), "storage_full");
  auto chunked = artifacts->begin({}, id, {.name = "e"}, std::nullopt);
  ASSERT_TRUE(chunked);
  EXPECT_FALSE((*chunked)->take(std::string(1'000, 'e')));
  EXPECT_EQ((*chunked)->take("e")->status, 507);
  chunked->reset();
  on_its_way->reset();

  EXPECT_TRUE(put(id, "f", std::string(4'000, 'f'))) << "what was given up counts no longer";
}

TEST_F(ArtifactServiceTest, AFullHomeStillAnswersARepeat) {
  const auto id = create(task()).id;
  EXPECT_TRUE(put(id, "a", std::string(10'000, 'a')));

  EXPECT_TRUE(put(id, "a", std::string(10'000, 'a')));
  EXPECT_EQ(code(put(id, "b", "b")), "storage_full");
}

TEST_F(ArtifactServiceTest, AJobMayHave64) {
  const auto id = create(task()).id;
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(put(id, "a" + std::to_string(i), "x"));

  const auto refused = put(id, "one-more", "x");

  EXPECT_EQ(code(refused), "artifact_quota");
  EXPECT_EQ(refused.error().status, 413);
}

// ---- who may

TEST_F(ArtifactServiceTest, AWorkerNeedsTheLeaseForEverything) {
  const auto id = create(task()).id;
  put(id, "attachment", "bytes");
  const auto token = claim("w1")->lease_token;

  for (const LeaseService::Token& wrong : {LeaseService::Token{}, LeaseService::Token{"stale"}}) {
    EXPECT_EQ(code(put(id, {.name = "a"}, "x", worker(wrong))), "lease_lost");
    const auto begun = upload(id, {.name = "a"}, "x", worker(token));
    EXPECT_EQ(code(request([&] { return artifacts->finish(worker(wrong), id, **begun, now); })),
              "lease_lost");
    EXPECT_EQ(request([&] { return artifacts->list(worker(wrong), id, now); }).error().code, "lease_lost");
    EXPECT_EQ(request([&] { return artifacts->open(worker(wrong), id, "attachment", now); }).error().code,
              "lease_lost");
  }
  EXPECT_TRUE(put(id, {.name = "a"}, "x", worker(token)));
  EXPECT_EQ(request([&] { return artifacts->list(worker(token), id, now); })->artifacts.size(), 2U);
  EXPECT_TRUE(request([&] { return artifacts->open(worker(token), id, "attachment", now); }));
}

TEST_F(ArtifactServiceTest, AWorkersFileIsTheAttemptsActivityAndAnEventThatSaysWhatItIs) {
  const auto id = create(task()).id;
  const auto token = claim("w1")->lease_token;

  ASSERT_TRUE(put(id, {.name = "plot.png", .kind = api::ArtifactKind::photo}, "x", worker(token)));
  ASSERT_TRUE(put(id, {.name = "plot.png"}, "x", worker(token))) << "a repeat";

  const auto last = events(id).back();
  EXPECT_EQ(last.type, domain::EventType::artifact_added);
  EXPECT_THAT(last.data.value_or(""), HasSubstr(R"("name":"plot.png")"));
  EXPECT_THAT(last.data.value_or(""), HasSubstr(R"("kind":"photo")"));
  EXPECT_THAT(last.data.value_or(""), HasSubstr(R"("source":"worker")"));
  EXPECT_EQ(events(id).size(), 3U) << "created, started, and one file";
  advance(31s);
  expire();
  EXPECT_EQ(job(id).status, JobStatus::failed) << "what has acted is not repeated";
}

TEST_F(ArtifactServiceTest, AJobThatHasEndedTakesNoFileAndTellsThoseItHas) {
  const auto id = create(task()).id;
  put(id, "a", "x");
  abort(id);

  EXPECT_EQ(code(put(id, "b", "x")), "invalid_transition");
  EXPECT_TRUE(put(id, "a", "x")) << "a repeat";
  EXPECT_EQ(request([&] { return artifacts->list({}, id, now); })->artifacts.size(), 1U);
}

TEST_F(ArtifactServiceTest, AJobThatIsNotThereHasNoFiles) {
  EXPECT_EQ(code(put("no-job", "a", "x")), "job_not_found");
  EXPECT_EQ(request([&] { return artifacts->list({}, "no-job", now); }).error().code, "job_not_found");
  EXPECT_EQ(code(put("no-job", {.name = "a"}, "x", worker("t"))), "job_not_found");
}

// ---- attachments

TEST_F(ArtifactServiceTest, AJobWithAttachmentsIsClaimedWhenTheLastOneIsThere) {
  const auto id = create(with_attachments({"1-a", "2-b"})).id;
  put(id, "1-a", "a");
  EXPECT_FALSE(claim("w1"));

  const auto begun = upload(id, {.name = "2-b"}, "b");
  store->begin();
  store->unit([&] { EXPECT_TRUE(artifacts->finish({}, id, **begun, now)); });
  store->commit();

  EXPECT_THAT(touched.take(), testing::Contains(Topic{Topic::Kind::claim}))
      << "a waiting claim is asked again";
  const auto claimed = claim("w1");
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->job.attachments, (std::vector<std::string>{"1-a", "2-b"}));
}

TEST_F(ArtifactServiceTest, AJobWhoseAttachmentsDoNotComeIsAbortedAndSaysWhichAlsoAfterARestart) {
  const auto id = create(with_attachments({"1-a", "2-b"})).id;
  const auto behind = create(task()).id;
  put(id, "1-a", "a");
  EXPECT_EQ(jobs->next_attachment_deadline(), now.wall + 600s);
  advance(600s - 1ms);
  restart();
  abort_incomplete();
  EXPECT_EQ(job(id).status, JobStatus::queued);

  advance(1ms);
  abort_incomplete();

  EXPECT_EQ(job(id).status, JobStatus::aborted);
  EXPECT_EQ(job(id).error, "Not all attachments have arrived within 10 min: 2-b");
  EXPECT_EQ(jobs->next_attachment_deadline(), std::nullopt);
  EXPECT_EQ(store->deliveries("telegram", 0, 10).size(), 1U) << "the person is told";
  EXPECT_EQ(claim("w1")->job.id, behind) << "those behind it go on";
}

TEST_F(ArtifactServiceTest, AJobThatWaitsForApprovalIsAbortedAsWellWhenItsAttachmentsDoNotCome) {
  auto body = with_attachments({"1-a"});
  body.requires_approval = true;
  const auto id = create(body).id;

  advance(600s);
  abort_incomplete();

  EXPECT_EQ(job(id).status, JobStatus::aborted);
}

TEST_F(ArtifactServiceTest, AttachmentsMayComeBeforeTheApproval) {
  auto body = with_attachments({"1-a"});
  body.requires_approval = true;
  const auto id = create(body).id;
  put(id, "1-a", "a");
  advance(700s);
  abort_incomplete();
  EXPECT_FALSE(claim("w1"));

  request([&] { return jobs->approve(id, {}, now.wall); });

  EXPECT_EQ(claim("w1")->job.id, id);
}

TEST_F(ArtifactServiceTest, NamesOfAttachmentsAreCheckedAndPartOfWhatAKeyIsBoundTo) {
  const auto refused = [&](std::vector<std::string> names) {
    const auto body = with_attachments(std::move(names));
    return !request([&] { return jobs->create(body, std::nullopt, now.wall); });
  };
  EXPECT_TRUE(refused({"../etc/passwd"}));
  EXPECT_TRUE(refused({".hidden"}));
  EXPECT_TRUE(refused({"a", "a"}));
  EXPECT_TRUE(refused(std::vector<std::string>(21, "a")));
  EXPECT_FALSE(refused({}));

  create(with_attachments({"1-a"}), "key");
  const auto other = request([&] { return jobs->create(with_attachments({"1-b"}), "key", now.wall); });
  EXPECT_EQ(other.error().code, "idempotency_conflict");
}

TEST_F(ArtifactServiceTest, ARetryHasTheAttachmentsThatTheFirstHadAlsoWhenThatIsGone) {
  const auto first = create(with_attachments({"1-a", "2-b"})).id;
  put(first, "1-a", "a");
  put(first, "not-attached", "x");
  abort(first);
  auto again = task();
  again.attachments_from = first;

  const auto made = request([&] {
    auto created = jobs->create(again, "key", now.wall);
    artifacts->inherit(first, created->job.id, now.wall);
    return created;
  });
  files->remove(first);

  const auto claimed = claim("w1");
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->job.id, made->job.id);
  EXPECT_EQ(claimed->job.attachments, std::vector<std::string>{"1-a"}) << "what never came is not waited for";
  EXPECT_EQ(content(place(made->job.id, "1-a")), "a");
  EXPECT_EQ(request([&] { return artifacts->list({}, made->job.id, now); })->artifacts.size(), 1U);
  EXPECT_FALSE(request([&] { return jobs->create(again, "key", now.wall); })->is_new);

  again.attachments_from = "no-job";
  EXPECT_EQ(request([&] { return jobs->create(again, std::nullopt, now.wall); }).error().status, 400);
}

// ---- heads of uploads

Outcome<api::NewArtifact> read_head(http::Headers headers, std::string name = "a") {
  http::RequestHead head{.method = "PUT", .target = "/"};
  head.headers = std::move(headers);
  return new_artifact(std::move(name), head);
}

TEST(ArtifactHead, SaysWhatTheFileIs) {
  const auto artifact = read_head({{"content-type", "image/png"},
                                   {"x-content-sha256", std::string(64, 'A')},
                                   {"x-artifact-kind", "photo"},
                                   {"x-artifact-caption", "a%20%C3%BC+"}});

  ASSERT_TRUE(artifact);
  EXPECT_EQ(artifact->content_type, "image/png");
  EXPECT_EQ(artifact->sha256, std::string(64, 'a'));
  EXPECT_EQ(artifact->kind, api::ArtifactKind::photo);
  EXPECT_EQ(artifact->caption, "a ü+");
  EXPECT_EQ(read_head({})->content_type, "application/octet-stream");
}

TEST(ArtifactHead, IsRefusedFieldByField) {
  const auto field = [](const Outcome<api::NewArtifact>& refused) -> std::string {
    if (refused) return "";
    return std::string{refused.error().more.at("details").as_object().begin()->key()};
  };
  EXPECT_EQ(field(read_head({}, "../x")), "name");
  EXPECT_EQ(field(read_head({{"content-type", "caf\xC3\xA9"}})), "content-type");
  EXPECT_EQ(field(read_head({{"x-content-sha256", "abc"}})), "x-content-sha256");
  EXPECT_EQ(field(read_head({{"x-artifact-kind", "sticker"}})), "x-artifact-kind");
  EXPECT_EQ(field(read_head({{"x-artifact-caption", "%zz"}})), "x-artifact-caption");
  EXPECT_EQ(field(read_head({{"x-artifact-caption", std::string(1'025, 'c')}})), "x-artifact-caption");
}

}  // namespace
}  // namespace butler::orchestrator::artifact_service_test
