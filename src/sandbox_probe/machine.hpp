#pragma once

namespace butler::sandbox_probe {

/// `machine FOLDER [--user UID:GID] COMMAND…` runs a command on "the user's machine on the internet", and
/// ends with its exit status (125: the machine could not be made).
///
/// The machine is this one, with a network of its own where that can be had (by root, or with user
/// namespaces): a metadata address, a neighbour and the internet answer there, and nothing can leave. FOLDER,
/// empty, becomes the user's home, Butler's home with a workspace, and another program's folder, with a
/// marked secret wherever one would be. The command has a terminal, a keyring with a key, an environment with
/// a secret, a descriptor that it should not have, a bystander to get at, and the workspace as its current
/// folder.
///
/// In the command {targets} stands for the words that the attempts need, {probe} for a copy of this program
/// in the workspace, {workspace} for that.
int run_on_machine(int argc, char** argv);

}  // namespace butler::sandbox_probe
