// nghttp2 behind callbacks that only note what came; all memory and I/O are ours. Threads: see the header.
#include "net/http2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace nanospan::net {
namespace {

// One fill of the output: enough for a gathered write of 512 frames, and a bound on what a session that writes to a
// slow peer puts into its queue at a time.
constexpr std::size_t kFillBytesMax = 8u << 20;
constexpr std::size_t kFillPiecesMax = 1000;
// Header fields beyond the limit are skipped; a block that goes on for so many times the limit is an attack on HPACK.
constexpr std::size_t kHeaderExcessMax = 16;

std::string_view view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv to_nv(std::string_view name, std::string_view value) {
  // Credentials never enter the compression state (RFC 7541, 7.1.3).
  const bool secret = name == "authorization" || name == "cookie";
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          static_cast<std::uint8_t>(secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)};
}

std::vector<nghttp2_nv> to_nvs(std::span<const Http2Fields::Field> fields) {
  std::vector<nghttp2_nv> out;
  out.reserve(fields.size());
  for (const Http2Fields::Field& field : fields) out.push_back(to_nv(field.name, field.value));
  return out;
}

Http2Code to_code(std::uint32_t code) { return static_cast<Http2Code>(code); }

}  // namespace

/// What nghttp2 calls; `user` is the session.
struct Http2Callbacks {
  static Http2Session& self(void* user) { return *static_cast<Http2Session*>(user); }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
    Http2Session& s = self(user);
    const bool plain_data = head->type == NGHTTP2_DATA && (head->flags & NGHTTP2_FLAG_PADDED) == 0;
    s.data_stream_ = plain_data ? head->stream_id : 0;
    s.data_left_ = plain_data ? head->length : 0;
    if (head->type == NGHTTP2_HEADERS) s.in_headers_ = true;
    return s.idle_frame() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame*, void* user) {
    Http2Session& s = self(user);
    s.fields_.clear();
    s.fields_too_large_ = false;
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    Http2Session& s = self(user);
    const std::size_t limit = s.options_.header_list_bytes_max;
    if (s.fields_.list_bytes() + name_size + value_size + 32 <= limit) {
      s.fields_.add(view(name, name_size), view(value, value_size));
      return 0;
    }
    s.fields_too_large_ = true;
    s.skipped_header_bytes_ += name_size + value_size + 32;
    if (s.skipped_header_bytes_ <= kHeaderExcessMax * limit) return 0;
    s.flooded_ = true;
    s.failure_ = "header fields without end";
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int on_data_chunk(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                           std::size_t size, void* user) {
    Http2Session& s = self(user);
    s.data_left_ -= std::min(size, s.data_left_);
    s.idle_frames_ = 0;
    s.events_.on_data(stream, view(data, size));
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Session& s = self(user);
    const std::int32_t stream = frame->hd.stream_id;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        s.in_headers_ = false;
        s.idle_frames_ = 0;
        s.skipped_header_bytes_ = 0;
        s.events_.on_headers(stream, s.fields_, s.fields_too_large_);
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) s.events_.on_end(stream);
        break;
      case NGHTTP2_DATA:
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) s.events_.on_end(stream);
        break;
      case NGHTTP2_RST_STREAM:
        // nghttp2 limits their rate, but acts only when it writes: not within one large read.
        if (++s.resets_unwritten_ > s.options_.resets_burst_max) {
          s.flooded_ = true;
          s.failure_ = "stream resets without end";
          return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
        break;
      case NGHTTP2_PING:
        s.events_.on_ping((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0);
        break;
      case NGHTTP2_GOAWAY:
        s.goaway_received_ = true;
        s.events_.on_goaway(frame->goaway.last_stream_id, to_code(frame->goaway.error_code),
                            view(frame->goaway.opaque_data, frame->goaway.opaque_data_len));
        break;
      default:
        break;
    }
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* user) {
    Http2Session& s = self(user);
    s.outgoing_.erase(stream);
    if (s.data_stream_ == stream) s.data_stream_ = 0;
    s.events_.on_closed(stream, to_code(code));
    return 0;
  }

  static int on_error(nghttp2_session*, int, const char* text, std::size_t size, void* user) {
    self(user).failure_.assign(text, size);
    return 0;
  }

  // --- sending ---

  static bool is_full(const Http2Session& s) {
    return s.output_.bytes() >= kFillBytesMax || s.output_.pieces() >= kFillPiecesMax;
  }

  static ssize_t send(nghttp2_session*, const std::uint8_t* data, std::size_t size, int, void* user) {
    Http2Session& s = self(user);
    if (is_full(s)) return NGHTTP2_ERR_WOULDBLOCK;
    s.output_.append_copy(view(data, size));
    return static_cast<ssize_t>(size);
  }

  static ssize_t frame_bytes(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t connection_window,
                             std::int32_t stream_window, std::uint32_t frame_bytes_max, void*) {
    const std::int32_t window = std::min(connection_window, stream_window);
    return std::max<ssize_t>(1, std::min<ssize_t>(window, frame_bytes_max));
  }

  static ssize_t read_body(nghttp2_session* session, std::int32_t stream, std::uint8_t*, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& out = *static_cast<Http2Session::Outgoing*>(source->ptr);
    const std::size_t count = std::min<std::uint64_t>(size, out.left);
    out.left -= count;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (out.left != 0) return static_cast<ssize_t>(count);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (out.trailers.empty()) return static_cast<ssize_t>(count);
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    std::vector<nghttp2_nv> trailers;
    for (const Header& header : out.trailers) trailers.push_back(to_nv(header.name, header.value));
    if (nghttp2_submit_trailer(session, stream, trailers.data(), trailers.size()) != 0) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return static_cast<ssize_t>(count);
  }

  /// The payload of the DATA frame whose length read_body() gave.
  static int send_body(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size,
                       nghttp2_data_source* source, void* user) {
    Http2Session& s = self(user);
    if (is_full(s)) return NGHTTP2_ERR_WOULDBLOCK;
    auto& out = *static_cast<Http2Session::Outgoing*>(source->ptr);
    constexpr std::size_t kFrameHeadBytes = 9;
    s.output_.append_copy(view(head, kFrameHeadBytes));
    static_cast<void>(frame);  // never padded: no padding callback is set
    while (size != 0) {
      const std::string_view slice = out.body.slices[out.slice].substr(out.offset);
      const std::size_t count = std::min(size, slice.size());
      s.output_.append(slice.substr(0, count), out.body.owner);
      size -= count;
      out.offset += count;
      if (count != slice.size()) continue;
      ++out.slice;
      out.offset = 0;
    }
    return 0;
  }

  static int on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Http2Session& s = self(user);
    if (frame->hd.type == NGHTTP2_GOAWAY) s.on_goaway_sent(frame->goaway.error_code);
    const bool message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!message) return 0;
    s.idle_frames_ = 0;
    // Answered before the request was complete: nobody wants the rest (RFC 9113, 8.1).
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (ends && s.role_ == Http2Session::Role::kServer &&
        nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0) {
      s.reset(frame->hd.stream_id, Http2Code::kNoError);
    }
    return 0;
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* made = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) return nullptr;
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(made, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_close);
    nghttp2_session_callbacks_set_error_callback2(made, on_error);
    nghttp2_session_callbacks_set_send_callback(made, send);
    nghttp2_session_callbacks_set_send_data_callback(made, send_body);
    nghttp2_session_callbacks_set_data_source_read_length_callback(made, frame_bytes);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, on_sent);
    return made;
  }
};

// --- life ---

Result<std::unique_ptr<Http2Session>> Http2Session::create(Role role, const Http2SessionOptions& options,
                                                           Events& events) {
  std::unique_ptr<Http2Session> made(new Http2Session(role, options, events));
  if (const Status opened = made->open(); !opened) return opened.error();
  return made;
}

Http2Session::Http2Session(Role role, const Http2SessionOptions& options, Events& events)
    : role_(role), options_(options), events_(events) {}

Http2Session::~Http2Session() { nghttp2_session_del(session_); }

Status Http2Session::open() {
  const Error no_memory{ErrorCode::kResourceExhausted, "no memory for an HTTP/2 session"};
  nghttp2_session_callbacks* const callbacks = Http2Callbacks::make();
  nghttp2_option* option = nullptr;
  if (callbacks == nullptr || nghttp2_option_new(&option) != 0) {
    nghttp2_session_callbacks_del(callbacks);
    return no_memory;
  }
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_stream_reset_rate_limit(option, options_.resets_burst_max, options_.resets_per_second_max);
  nghttp2_option_set_max_continuations(option, options_.continuations_max);
  nghttp2_option_set_max_outbound_ack(option, options_.acks_queued_max);
  const bool server = role_ == Role::kServer;
  const int made = server ? nghttp2_session_server_new2(&session_, callbacks, this, option)
                          : nghttp2_session_client_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  if (made != 0) return no_memory;

  std::vector<nghttp2_settings_entry> settings = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options_.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, options_.frame_bytes_max},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options_.header_list_bytes_max},
  };
  if (server) {
    settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options_.streams_max});
  } else {
    settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
    if (nghttp2_session_set_next_stream_id(session_, options_.first_stream) != 0) return no_memory;
  }
  const bool set =
      nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
      nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                            static_cast<std::int32_t>(options_.connection_window_bytes)) == 0;
  if (!set) return no_memory;
  return {};
}

// --- bytes ---

bool Http2Session::receive(std::string_view bytes) {
  if (failed_) return false;
  const ssize_t taken =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken >= 0) return true;
  const int error = static_cast<int>(taken);
  flooded_ = flooded_ || error == NGHTTP2_ERR_FLOODED;
  if (failure_.empty()) failure_ = nghttp2_strerror(error);
  failed_ = true;
  nghttp2_session_terminate_session(session_, flooded_ ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
  return false;
}

std::size_t Http2Session::gather(std::span<iovec> into) {
  resets_unwritten_ = 0;
  if (output_.empty() && nghttp2_session_send(session_) != 0) failed_ = true;
  return output_.gather(into);
}

bool Http2Session::finished() const {
  if (!output_.empty()) return false;
  return failed_ || (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0);
}

/// Counts a frame that may be of no use; reset by what moves a request forward. False: too many (PING, SETTINGS, empty
/// DATA, PRIORITY or WINDOW_UPDATE floods).
bool Http2Session::idle_frame() {
  if (++idle_frames_ <= options_.idle_frames_max) return true;
  flooded_ = true;
  failure_ = "frames without end that move no request forward";
  return false;
}

/// nghttp2 found a fault of the peer by itself (or we did, and have said so already).
void Http2Session::on_goaway_sent(std::uint32_t code) {
  if (code == NGHTTP2_NO_ERROR || code == NGHTTP2_ENHANCE_YOUR_CALM) return;
  // A server's own faults aside, this is what nghttp2 says when streams are reset too often.
  if (code == NGHTTP2_INTERNAL_ERROR && role_ == Role::kServer) flooded_ = true;
  if (failure_.empty()) failure_ = nghttp2_http2_strerror(code);
}

// --- messages ---

Result<Http2Session::StreamId> Http2Session::request(std::span<const Http2Fields::Field> fields, Http2Body body) {
  std::unique_ptr<Outgoing> holder;
  nghttp2_data_provider provider{};
  provider.read_callback = Http2Callbacks::read_body;
  provider.source.ptr = stage(std::move(body), {}, holder);
  const std::vector<nghttp2_nv> nvs = to_nvs(fields);
  const StreamId stream = nghttp2_submit_request(session_, nullptr, nvs.data(), nvs.size(),
                                                 provider.source.ptr != nullptr ? &provider : nullptr, nullptr);
  if (stream < 0) return Error{ErrorCode::kUnavailable, nghttp2_strerror(stream)};
  if (holder) outgoing_[stream] = std::move(holder);
  return stream;
}

bool Http2Session::respond(StreamId stream, std::span<const Http2Fields::Field> fields, Http2Body body,
                           std::vector<Header> trailers) {
  if (nghttp2_session_find_stream(session_, stream) == nullptr) return false;
  std::unique_ptr<Outgoing> holder;
  nghttp2_data_provider provider{};
  provider.read_callback = Http2Callbacks::read_body;
  provider.source.ptr = stage(std::move(body), std::move(trailers), holder);
  const std::vector<nghttp2_nv> nvs = to_nvs(fields);
  if (nghttp2_submit_response(session_, stream, nvs.data(), nvs.size(),
                              provider.source.ptr != nullptr ? &provider : nullptr) != 0) {
    return false;
  }
  if (holder) outgoing_[stream] = std::move(holder);
  return true;
}

/// Null if there is nothing to send after the headers.
Http2Session::Outgoing* Http2Session::stage(Http2Body body, std::vector<Header> trailers,
                                            std::unique_ptr<Outgoing>& holder) {
  std::uint64_t bytes = 0;
  for (const std::string_view slice : body.slices) bytes += slice.size();
  if (bytes == 0 && trailers.empty()) return nullptr;
  holder = std::make_unique<Outgoing>();
  holder->body = std::move(body);
  holder->trailers = std::move(trailers);
  holder->left = bytes;
  return holder.get();
}

void Http2Session::reset(StreamId stream, Http2Code code) {
  static_cast<void>(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, static_cast<std::uint32_t>(code)));
}

// --- flow control and the connection ---

void Http2Session::consume_stream(StreamId stream, std::size_t bytes) {
  static_cast<void>(nghttp2_session_consume_stream(session_, stream, bytes));
}

std::int64_t Http2Session::connection_credit() const { return nghttp2_session_get_local_window_size(session_); }

void Http2Session::consume_connection(std::size_t bytes) {
  static_cast<void>(nghttp2_session_consume_connection(session_, bytes));
}

void Http2Session::ping() { static_cast<void>(nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr)); }

void Http2Session::announce_shutdown() { static_cast<void>(nghttp2_submit_shutdown_notice(session_)); }

void Http2Session::goaway(Http2Code code, std::string_view debug) {
  static_cast<void>(nghttp2_submit_goaway(
      session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_), static_cast<std::uint32_t>(code),
      reinterpret_cast<const std::uint8_t*>(debug.data()), debug.size()));
}

void Http2Session::close(Http2Code code) {
  static_cast<void>(nghttp2_session_terminate_session(session_, static_cast<std::uint32_t>(code)));
}

std::uint32_t Http2Session::peer_streams_max() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool Http2Session::can_request() const {
  return !failed_ && !goaway_received_ && nghttp2_session_check_request_allowed(session_) != 0;
}

}  // namespace nanospan::net
