#pragma once

#include <span>

#include "gateway/gateway_store.hpp"
#include "gateway/media.hpp"

/// What messages bring beside words, and the turns that take it. Pure.
namespace butler::gateway {

/// True for what carries something that we can hand on.
bool is_understood(const telegram::Message& message);

/// Adds files to a turn that is not stored yet: to its job's request, and to its rows.
void bring(NewTurn& turn, std::span<const IncomingFile> files);

}  // namespace butler::gateway
