#pragma once

#include <string>

#include "json/value.hpp"

namespace butler::telegram {

/// A body of multipart/form-data (RFC 7578).
struct MultipartBody {
  std::string content_type;  ///< with the boundary
  std::string text;
};

/// The members of a document_payload() as form fields, objects and numbers as their JSON text, and the
/// document as the file that it names. Pure: the boundary is the first of a fixed row that does not occur in
/// the content.
MultipartBody multipart(const json::Object& payload);

}  // namespace butler::telegram
