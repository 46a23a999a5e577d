#include "worker/file_type.hpp"

#include <gtest/gtest.h>

namespace butler::worker::file_type_test {
namespace {

using std::string_literals::operator""s;

TEST(FileType, IsToldByTheContentAndNotByTheName) {
  struct Case {
    std::string begin;
    std::string name;
    std::string type;
  };
  for (const auto& [begin, name, type] : {
           Case{"\xFF\xD8\xFF\xE0", "photo.png", "image/jpeg"},
           Case{"\x89PNG\r\n\x1A\n", "x", "image/png"},
           Case{"GIF89a...", "x.jpg", "image/gif"},
           Case{"RIFF\1\2\3\4WEBPVP8 ", "x", "image/webp"},
           Case{"RIFF\1\2\3\4WAVEfmt ", "x", "audio/wav"},
           Case{"OggS\0\2"s, "voice.oga", "audio/ogg"},
           Case{"ID3\3", "song.mp3", "audio/mpeg"},
           Case{"\0\0\0\x1C"
                "ftypM4A "s,
                "song.m4a", "audio/mp4"},
           Case{"\0\0\0\x1C"
                "ftypisom"s,
                "film.mp4", "video/mp4"},
           Case{"%PDF-1.7", "report", "application/pdf"},
           Case{"PK\3\4", "x.zip", "application/zip"},
           Case{"PK\3\4", "x.DOCX",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
           Case{"hello", "x", "text/plain"},
           Case{"a,b\n1,2\n", "table.csv", "text/csv"},
           Case{"<svg>", "x.svg", "image/svg+xml"},
           Case{"Gr\xC3\xBC\xC3", "cut in a character.md", "text/markdown"},
           Case{"not \xFF text", "x.txt", "application/octet-stream"},
           Case{"a\0b"s, "x.json", "application/octet-stream"},
           Case{"", "x.txt", "application/octet-stream"},
           Case{"MZ\x90\0\3"s, "photo.jpg", "application/octet-stream"},
       }) {
    EXPECT_EQ(media_type_of(begin, name), type) << name;
  }
}

TEST(FileType, OnlyPicturesThatModelsTakeAreShownToThem) {
  for (const char* type : {"image/jpeg", "image/png", "image/gif", "image/webp"})
    EXPECT_TRUE(is_picture_for_models(type)) << type;
  for (const char* type : {"image/svg+xml", "image/tiff", "video/mp4", "application/pdf", ""})
    EXPECT_FALSE(is_picture_for_models(type)) << type;
}

TEST(FileType, ANameLosesWhatAnArtifactMayNotBeCalled) {
  struct Case {
    std::string path;
    std::string name;
  };
  for (const auto& [path, name] : {
           Case{"report.pdf", "report.pdf"},
           Case{"out/of/the way/report 1.pdf", "report_1.pdf"},
           Case{"../../etc/passwd", "passwd"},
           Case{"\xC3\x9C"
                "bersicht.pdf",
                "_bersicht.pdf"},
           Case{".bashrc", "bashrc"},
           Case{"--caption", "caption"},
           Case{"a\nb\"c", "a_b_c"},
           Case{"..", "file"},
           Case{"folder/", "file"},
           Case{"", "file"},
           Case{std::string(150, 'a') + ".tar", std::string(96, 'a') + ".tar"},
       }) {
    EXPECT_EQ(safe_file_name(path), name) << path;
  }
}

TEST(FileType, ANameThatIsTakenGetsANumberBeforeItsEnding) {
  EXPECT_EQ(unique_file_name("a.pdf", {}), "a.pdf");
  EXPECT_EQ(unique_file_name("a.pdf", {"a.pdf"}), "a-2.pdf");
  EXPECT_EQ(unique_file_name("a.pdf", {"a.pdf", "a-2.pdf"}), "a-3.pdf");
  EXPECT_EQ(unique_file_name("README", {"README"}), "README-2");
}

TEST(FileType, SizesAreToldAsPeopleSayThem) {
  EXPECT_EQ(size_in_words(1), "1 byte");
  EXPECT_EQ(size_in_words(999), "999 bytes");
  EXPECT_EQ(size_in_words(12'345), "12 KB");
  EXPECT_EQ(size_in_words(3'449'000), "3.4 MB");
}

}  // namespace
}  // namespace butler::worker::file_type_test
