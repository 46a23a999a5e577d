#pragma once

#include <chrono>
#include <cstddef>

/// Every limit of the wire contract in one place. Lengths count Unicode code points, sizes count bytes.
/// The orchestrator refuses what is beyond; our own clients cut or split before they send.
namespace butler::domain::limits {

inline constexpr std::size_t prompt = 20'000;
inline constexpr std::size_t person_or_chat_id = 128;
inline constexpr std::size_t session_key = 256;
inline constexpr std::size_t metadata_keys = 32;
inline constexpr std::size_t metadata_key = 128;
inline constexpr std::size_t metadata_value = 2'000;
inline constexpr std::size_t deliver_to = 128;
inline constexpr std::size_t labels = 16;
inline constexpr std::size_t label = 128;
inline constexpr std::size_t worker_id = 128;
inline constexpr std::size_t claim_id = 128;
inline constexpr std::size_t session_store = 128;
inline constexpr std::size_t result_text = 2'000'000;
inline constexpr std::size_t error = 8'000;
inline constexpr std::size_t reason = 200;
inline constexpr std::size_t idempotency_key = 255;

inline constexpr std::size_t event_message = 4'000;
inline constexpr std::size_t text_delta = 4'000;
inline constexpr std::size_t event_data_bytes = 64 * 1024;
inline constexpr std::size_t events_per_batch = 256;
inline constexpr std::size_t events_per_job = 5'000;
inline constexpr std::size_t events_per_page = 500;
inline constexpr std::size_t event_page_bytes = 1024 * 1024;

inline constexpr std::size_t tool_call_id = 256;
inline constexpr std::size_t tool_name = 128;
inline constexpr std::size_t approval_summary = 4'000;
inline constexpr std::size_t approval_input_bytes = 512 * 1024;
inline constexpr std::size_t approval_risk = 4'000;
inline constexpr std::size_t payload_hash = 64;
inline constexpr std::size_t approval_cwd = 4'096;
inline constexpr std::size_t sandbox_profile = 128;
inline constexpr std::size_t approval_reason = 2'000;
inline constexpr std::size_t approvals_per_job = 200;
inline constexpr std::size_t decisions_listed = 500;

inline constexpr std::size_t body_bytes = 1024 * 1024;
inline constexpr std::size_t events_body_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t complete_body_bytes = 25 * 1024 * 1024;

inline constexpr std::size_t attachments = 20;
inline constexpr std::size_t artifact_name = 128;
inline constexpr std::size_t artifact_caption = 1'024;
inline constexpr std::size_t artifact_content_type = 255;
inline constexpr std::size_t artifact_bytes = 50 * 1024 * 1024;
inline constexpr std::size_t artifacts_per_job = 64;
inline constexpr std::size_t artifact_bytes_per_job = 500 * 1024 * 1024;

inline constexpr std::chrono::seconds wait{60};
inline constexpr std::size_t jobs_per_page = 200;
inline constexpr std::size_t deliveries_per_page = 100;
inline constexpr std::size_t token_minimum = 16;

}  // namespace butler::domain::limits
