#include "vm/image.hpp"

namespace butler::vm {

boost::asio::awaitable<std::expected<Image, std::string>> build_full_image(ImageSources) {
  co_return std::unexpected("the full image cannot be built yet: butler vm create --image tiny");
}

}  // namespace butler::vm
