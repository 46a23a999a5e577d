#include "vm_sandbox/copies_channel.hpp"

#include <sys/socket.h>

#include <boost/asio/write.hpp>
#include <boost/describe.hpp>
#include <utility>

#include "async/as_result.hpp"
#include "async/event.hpp"
#include "domain/utf8.hpp"
#include "json/codec.hpp"

namespace butler::vm_sandbox {

BOOST_DESCRIBE_ENUM(Direction, in, out)
BOOST_DESCRIBE_STRUCT(CopiesRequest, (), (number, direction))
BOOST_DESCRIBE_STRUCT(CopiesAnswer, (), (number, sentences, error))

namespace asio = boost::asio;

namespace {

using async::as_result;
constexpr std::size_t longest_line = 65'536;
constexpr std::size_t receive_size = 4096;
// Together below longest_line, however they are escaped.
constexpr std::size_t most_sentences = 20;
constexpr std::size_t longest_sentence = 400;

/// A name may hold anything: what goes out can be read as JSON, and fits into a line.
std::string readable(const std::string& text) {
  return domain::shorten(domain::to_valid_utf8(text), longest_sentence);
}

template <class T>
std::optional<T> decode_line(std::string_view line) {
  const auto value = json::parse(line);
  if (!value) return std::nullopt;
  auto decoded = json::decode<T>(*value);
  if (!decoded) return std::nullopt;
  return std::move(*decoded);
}

/// Asks, one request at a time.
class AskingCopies final : public sandbox::Copies {
 public:
  AskingCopies(const asio::any_io_executor& executor, sandbox::Descriptor connected)
      : socket_(executor, std::move(connected)), free_(executor) {}

  asio::awaitable<Transfer> bring_in() override { return ask(Direction::in); }
  asio::awaitable<Transfer> bring_out() override { return ask(Direction::out); }

 private:
  /// Gives the socket back, also when whoever waited was cancelled.
  struct Turn {
    explicit Turn(AskingCopies& of) : owner(of) { owner.busy_ = true; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      owner.busy_ = false;
      owner.free_.notify_all();
    }
    AskingCopies& owner;
  };

  asio::awaitable<Transfer> ask(Direction direction) {
    while (busy_) co_await free_.wait();
    const Turn turn(*this);
    const auto number = ++asked_;
    co_await socket_.write(encode(CopiesRequest{.number = number, .direction = direction}));
    for (;;) {
      const auto line = co_await socket_.read();
      if (!line) co_return std::unexpected("the virtual machine has gone");
      auto answer = decode_copies_answer(*line);
      if (!answer)
        co_return std::unexpected("the virtual machine's keeper gave an answer that cannot be read");
      // Nobody waits any more for the answer to a request that was cancelled.
      if (answer->number != number) continue;
      if (answer->error) co_return std::unexpected(std::move(*answer->error));
      co_return std::move(answer->sentences);
    }
  }

  LineSocket socket_;
  async::Event free_;
  bool busy_ = false;
  std::int64_t asked_ = 0;
};

}  // namespace

std::string encode(const CopiesRequest& request) { return json::serialize(json::encode(request)) + "\n"; }

std::string encode(const CopiesAnswer& answer) {
  CopiesAnswer shown{.number = answer.number, .sentences = {}, .error = {}};
  if (answer.error) shown.error = readable(*answer.error);
  for (const auto& sentence : answer.sentences) {
    if (shown.sentences.size() == most_sentences) {
      shown.sentences.push_back("and " + std::to_string(answer.sentences.size() - most_sentences) + " more");
      break;
    }
    shown.sentences.push_back(readable(sentence));
  }
  return json::serialize(json::encode(shown)) + "\n";
}

std::optional<CopiesRequest> decode_copies_request(std::string_view line) {
  return decode_line<CopiesRequest>(line);
}
std::optional<CopiesAnswer> decode_copies_answer(std::string_view line) {
  return decode_line<CopiesAnswer>(line);
}

LineSocket::LineSocket(const asio::any_io_executor& executor, sandbox::Descriptor connected)
    : socket_(executor), framer_(longest_line) {
  socket_.assign(asio::generic::stream_protocol(AF_UNIX, 0), connected.get());
  connected.release();
  socket_.non_blocking(true);
}

asio::awaitable<std::optional<std::string>> LineSocket::read() {
  std::string bytes(receive_size, '\0');
  while (lines_.empty()) {
    const auto [error, count] = co_await socket_.async_read_some(asio::buffer(bytes), as_result);
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) co_return std::nullopt;
    for (auto& line : framer_.feed(std::string_view{bytes}.substr(0, count))) {
      lines_.push_back(std::move(line));
    }
  }
  auto line = std::move(lines_.front());
  lines_.pop_front();
  co_return line;
}

asio::awaitable<bool> LineSocket::write(std::string line) {
  const auto [error, count] = co_await asio::async_write(socket_, asio::buffer(line), as_result);
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  co_return !error;
}

std::unique_ptr<sandbox::Copies> ask_for_copies(const asio::any_io_executor& executor,
                                                sandbox::Descriptor connected) {
  return std::make_unique<AskingCopies>(executor, std::move(connected));
}

asio::awaitable<void> serve_copies(
    LineSocket& socket, std::function<asio::awaitable<sandbox::Copies::Transfer>(Direction)> transfer) {
  while (const auto line = co_await socket.read()) {
    const auto request = decode_copies_request(*line);
    if (!request) co_return;
    CopiesAnswer answer{.number = request->number, .sentences = {}, .error = {}};
    auto done = co_await transfer(request->direction);
    if (done) {
      answer.sentences = std::move(*done);
    } else {
      answer.error = std::move(done.error());
    }
    if (!co_await socket.write(encode(answer))) co_return;
  }
}

}  // namespace butler::vm_sandbox
