// What the thread sanitizer reports wrongly. Linked into every test of preset tsan-core.

// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the sanitizer's name.
extern "C" const char* __tsan_default_suppressions() {
  // An absl::Status that several threads hold copies of, such as the error of a whole group of
  // writes: the last one out frees it. The count that orders the free after everybody's reads is
  // taken down inside Abseil's library (Status::UnrefNonInlined), which is not instrumented, so the
  // sanitizer sees the reads and the free, but not what stands between them. Only the end of a
  // status, its message and its payload, is named here: reading one while somebody changes it is
  // still reported.
  return "race:absl::*::Status::Unref\n"
         "race:absl::*::status_internal::Payload*::DestroyContents\n";
}
