#pragma once

namespace butler::sandbox {

/// Leaves the process, and all that it starts, the system calls that programs need. Unknown calls fail with
/// ENOSYS, so that libraries take another way; dangerous ones with EPERM; another architecture's kill the
/// process. `shared_kernel_names`: no namespaces are around it, so that what they would hold is filtered too.
/// Needs no_new_privs. Throws Fault.
void load_system_call_filters(bool shared_kernel_names);

/// Lets the broker make the calls that brokered_calls names: the descriptor where it hears of them. Throws
/// Fault.
int load_broker_filter();

}  // namespace butler::sandbox
