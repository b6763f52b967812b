// What the sanitizers report and we do not cause. Linked into every test of a build with one.

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the sanitizers' names.
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

extern "C" const char* __lsan_default_suppressions() {
  // c-ares 1.18 forgets a name (10 bytes) each time that gRPC resolves "localhost".
  return "leak:libcares.so\n";
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
