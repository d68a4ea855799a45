// SPDX-License-Identifier: Apache-2.0
#include "video/packet_source.h"

#include "core/error.h"
#include "core/names.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace vremd::video {
namespace {

constexpr int kPipeBuffer = 1 << 16;
constexpr int kPollMs = 100;

bool is_pipe(const std::string& path) {
  struct stat status{};
  return path == "-" ||
         (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode));
}

bool is_file(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return false;
  if (S_ISREG(status.st_mode) && status.st_size == 0) fail("{}: the file is empty", path);
  return true;
}

// A stream of HTTP without a length has no end: where it ends, the connection was lost.
void reconnect_at_end(AVIOContext* io) {
  if (!io || io->seekable & AVIO_SEEKABLE_NORMAL || avio_size(io) > 0) return;
  av_opt_set(io, "reconnect_at_eof", "1", AV_OPT_SEARCH_CHILDREN);  // an error: another protocol
}

int ask_stopped(void* opaque) {
  const auto& stopped = *static_cast<const std::function<bool()>*>(opaque);
  return stopped && stopped() ? 1 : 0;
}

}  // namespace

// Standard input, a named pipe, a device or a file, without seeking. Ends where another file begins
// that was joined to it, and goes on with begin_next().
class PipeInput {
 public:
  // `finds_joined`: what may be the beginning of another file is given when enough of it is there.
  PipeInput(const std::string& path, std::function<bool()> stopped, bool finds_joined)
      : stopped_(std::move(stopped)), finds_joined_(finds_joined) {
    owned_ = path != "-";
    while (owned_ && (descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC)) < 0) {
      if (errno != EINTR) fail("{}: cannot open: {}", path, std::strerror(errno));
      if (stopped_ && stopped_()) throw StoppedWhileOpening();  // no writer has opened it yet
    }
  }
  ~PipeInput() {
    if (owned_) close(descriptor_);
  }
  PipeInput(const PipeInput&) = delete;
  PipeInput& operator=(const PipeInput&) = delete;

  AvIo make_io() { return make_av_io(this, read_packet, nullptr); }

  // Skips what the demuxer has left of the current file. False: no other one follows.
  bool begin_next() {
    if (!finds_joined_) return false;
    while (!at_next_ && finder_.place() >= 0) {
      std::array<std::uint8_t, 4096> rest{};
      const int status = read(rest.data(), static_cast<int>(rest.size()));
      if (status == AVERROR_EXIT) throw StoppedWhileOpening();
      if (status < 0) break;
    }
    if (!at_next_) return false;
    start_ += count_;
    count_ = 0;
    head_ = {};
    finder_ = {};
    at_next_ = false;
    return true;
  }

  std::int64_t start() const { return start_; }  // of the current file
  std::int64_t count() const { return count_; }  // bytes read of it
  // Where the RIFF chunk at its beginning ends; 0 if there is none, or its length is unknown.
  std::int64_t riff_end() const {
    const std::uint32_t length = AV_RL32(head_.data() + 4);
    return AV_RL32(head_.data()) == MKTAG('R', 'I', 'F', 'F') && length != UINT32_MAX
               ? std::int64_t{8} + length
               : 0;
  }

 private:
  static int read_packet(void* opaque, std::uint8_t* to, int size) {
    return static_cast<PipeInput*>(opaque)->read(to, size);
  }

  int read(std::uint8_t* to, int size) {
    while (finds_joined_ && !at_next_ && finder_.place() == count_) {
      while (ahead().size() < JoinFinder::kWindow) {
        const int status = fill();
        if (status == AVERROR_EOF) break;
        if (status < 0) return status;
      }
      at_next_ = finder_.look(ahead());
    }
    if (at_next_) return AVERROR_EOF;
    const int status = ahead().empty() ? fill() : 0;
    if (status < 0) return status;
    std::int64_t most = std::min<std::int64_t>(size, std::ssize(ahead()));
    if (finds_joined_ && finder_.place() >= 0) most = std::min(most, finder_.place() - count_);
    std::copy_n(ahead().begin(), most, to);
    const std::int64_t missing = std::min(most, std::ssize(head_) - count_);
    if (missing > 0) std::copy_n(to, missing, head_.begin() + count_);
    count_ += most;
    begin_ += static_cast<std::size_t>(most);
    return static_cast<int>(most);
  }

  // What has been read, but not given.
  std::string_view ahead() const { return {buffer_.data() + begin_, end_ - begin_}; }

  // Adds at least a byte to ahead(), of which there is less than a window. Returns libav's status.
  int fill() {
    if (begin_ == end_ || buffer_.size() - end_ < JoinFinder::kWindow) {
      std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), end_ - begin_,
                  buffer_.begin());
      end_ -= begin_;
      begin_ = 0;
    }
    for (;;) {
      if (stopped_ && stopped_()) return AVERROR_EXIT;
      pollfd waiting{descriptor_, POLLIN, 0};
      const int ready = poll(&waiting, 1, kPollMs);
      if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
      const ssize_t count = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
      if (count > 0) {
        end_ += static_cast<std::size_t>(count);
        return 0;
      }
      if (count == 0) return AVERROR_EOF;
      if (errno != EINTR && errno != EAGAIN) return AVERROR(errno);
    }
  }

  std::function<bool()> stopped_;
  int descriptor_ = STDIN_FILENO;
  bool finds_joined_, owned_ = false;
  std::vector<char> buffer_ = std::vector<char>(kPipeBuffer);
  std::size_t begin_ = 0, end_ = 0;  // of ahead(), in buffer_
  JoinFinder finder_;
  bool at_next_ = false;
  std::array<std::uint8_t, 8> head_{};
  std::int64_t start_ = 0, count_ = 0;
};

PacketSource::PacketSource(const std::string& path, std::function<bool()> stopped, bool low_delay,
                           FilePart part, std::shared_ptr<PipeInput> pipe)
    : place_(path == "-" ? "standard input" : path),
      stopped_(std::move(stopped)),
      low_delay_(low_delay),
      part_(part),
      pipe_(std::move(pipe)) {
  silence_libav();
  AVFormatContext* context = avformat_alloc_context();
  if (!context) throw std::bad_alloc();
  input_.reset(context);
  context->interrupt_callback = {ask_stopped, &stopped_};
  std::string url = path;
  if (!pipe_ && (is_pipe(path) || is_scanned(path))) {
    pipe_ = std::make_shared<PipeInput>(path, stopped_, !low_delay_);
  }
  if (pipe_) {
    io_ = pipe_->make_io();
    context->pb = io_.get();
    url = "pipe:";
  } else if (is_file(path) && TsInput::is_one(path, part)) {
    ts_ = std::make_unique<TsInput>(path, part);
    io_ = ts_->make_io();
    context->pb = io_.get();
  } else if (is_file(path)) {
    url = "file:" + path;  // a name may contain a colon
    if (!part.whole()) {
      url = fmt::format("subfile,,start,{},end,{},,:{}", part.start, part.end, url);
    }
  }

  clear_av_errors();
  input_.release();  // avformat_open_input frees it when it fails
  AvOptions options;
  if (is_url(path)) set_network_options(options, path);
  int status = avformat_open_input(&context, url.c_str(), nullptr, options.get());
  if (status < 0) fail_to_open(status);
  input_.reset(context);
  // libav opens any .txt as terminal art.
  if (std::strcmp(context->iformat->name, "tty") == 0) fail("{}: not a video", place_);
  if (low_delay_) {
    context->max_analyze_duration = AV_TIME_BASE;
    reconnect_at_end(context->pb);
  }
  status = avformat_find_stream_info(context, nullptr);
  if (stopped_ && stopped_()) throw StoppedWhileOpening();
  if (status < 0) fail_to_open(status);

  const int index = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0) fail("{}: no video stream", place_);
  stream_ = context->streams[index];
  if (stream_->disposition & AV_DISPOSITION_ATTACHED_PIC) {
    fail("{}: no video stream except a cover picture", place_);
  }
  for (unsigned i = 0; i < context->nb_streams; ++i) {
    if (static_cast<int>(i) == index) continue;
    const bool video = context->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
    if (!video || !is_transport_stream()) context->streams[i]->discard = AVDISCARD_ALL;
  }
}

PacketSource::~PacketSource() = default;

void PacketSource::fail_to_open(int status) const {
  if (status == AVERROR_EXIT) throw StoppedWhileOpening();
  const std::string& error = last_av_error();
  if (status == AVERROR_INVALIDDATA || status == AVERROR_EOF) {
    if (error.empty()) fail("{}: not a video", place_);
    fail("{}: not a video: {}", place_, error);
  }
  fail("{}: cannot open: {}", place_, av_error_text(status));
}

int PacketSource::read(AVPacket& packet) {
  if (ahead_.empty()) ahead_.push_back(read_next());
  constexpr std::size_t kLookAhead = 2;  // a parser may keep a packet back
  maybe_seam_ = false;
  const auto is_corrupt = [](const Read& read) { return read.packet->flags & AV_PKT_FLAG_CORRUPT; };
  for (std::size_t i = 1; i <= kLookAhead && is_corrupt(ahead_.front()); ++i) {
    if (i == ahead_.size()) ahead_.push_back(read_next());
    if (ahead_[i].status < 0) break;
    if (ahead_[i].packet->flags & AV_PKT_FLAG_KEY) {
      ahead_.front().packet->flags &= ~AV_PKT_FLAG_CORRUPT;
      maybe_seam_ = true;
    }
  }
  Read next = std::move(ahead_.front());
  ahead_.pop_front();
  corrupt_before_ = next.corrupt_before;
  av_packet_move_ref(&packet, next.packet.get());
  return next.status;
}

PacketSource::Read PacketSource::read_next() {
  Read read{AvPacket(av_packet_alloc())};
  if (!read.packet) throw std::bad_alloc();
  for (;;) {
    if (stopped_ && stopped_()) {
      read.status = AVERROR_EXIT;
      return read;
    }
    clear_av_errors();
    const std::int64_t before = video::reconnects();
    read.status = av_read_frame(input_.get(), read.packet.get());
    reconnects_ += video::reconnects() - before;
    if (read.status == AVERROR(EAGAIN)) {
      poll(nullptr, 0, 5);
      continue;
    }
    if (read.status < 0) {
      // A truncated Matroska file ends like an intact one, but the demuxer logs an error.
      end_problem_ =
          read.status == AVERROR_EOF ? last_container_error() : av_error_text(read.status);
      // Of a frame that is cut off, the demuxer of Y4M says nothing.
      const bool is_y4m = input_->iformat->name == std::string_view("yuv4mpegpipe");
      last_is_cut_ = is_y4m && pipe_ && packets_end_ >= 0 && pipe_->count() > packets_end_;
      return read;
    }
    read.corrupt_before = read.corrupt_before || !last_container_error().empty();
    if (read.packet->stream_index == stream_->index) {
      ++packets_;
      last_place_ = std::max(last_place_, read.packet->pos);
      packets_end_ = std::max(packets_end_, read.packet->pos + read.packet->size);
      return read;
    }
    const AVStream& other = *input_->streams[read.packet->stream_index];
    if (other.codecpar->codec_type == AVMEDIA_TYPE_VIDEO) {
      before_other_.emplace(other.index, packets_);
    }
    av_packet_unref(read.packet.get());
  }
}

bool PacketSource::is_transport_stream() const {
  return input_->iformat->name == std::string_view("mpegts");
}

std::optional<FilePart> PacketSource::other_recording() const {
  constexpr std::int64_t kKeptByParser = 2;  // packets that are given when the next ones have come
  constexpr int kTsPacket = 188;
  if (pipe_ || !is_transport_stream() || last_place_ < 0) return {};
  if (const auto rest = ts_ ? ts_->rest() : std::nullopt) return rest;
  for (const auto& [stream, before] : before_other_) {
    if (packets_ - before <= kKeptByParser) {
      return FilePart{part_.start + last_place_ + kTsPacket, part_.end};
    }
  }
  return {};
}

std::shared_ptr<PipeInput> PacketSource::next_of_pipe(FilePart& part) {
  if (!pipe_ || !pipe_->begin_next()) return nullptr;
  part = {pipe_->start(), 0};
  return pipe_;
}

std::optional<double> PacketSource::seconds() const {
  if (stream_->duration > 0) {
    return static_cast<double>(stream_->duration) * av_q2d(stream_->time_base);
  }
  // Matroska stores the duration of a stream as a tag.
  const AVDictionaryEntry* tag = av_dict_get(stream_->metadata, "DURATION", nullptr, 0);
  int hours = 0, minutes = 0;
  double seconds = 0;
  if (tag && std::sscanf(tag->value, "%d:%d:%lf", &hours, &minutes, &seconds) == 3) {
    return hours * 3600.0 + minutes * 60.0 + seconds;
  }
  if (input_->duration > 0) return static_cast<double>(input_->duration) / AV_TIME_BASE;
  return {};
}

bool PacketSource::is_lost() const { return low_delay_ && is_url(place_) && !end_problem_.empty(); }

// The index of an MP4 is read before the first packet; the header of an AVI has the number.
bool PacketSource::counts_packets() const {
  const std::string_view format = input_->iformat->name;
  return format.find("mp4") != format.npos || format == "avi";
}

std::int64_t PacketSource::announced_after(std::int64_t read) const {
  if (last_is_cut_) return 1;
  if (!counts_packets()) return 0;
  std::int64_t entries = 0;
  for (int i = 0; i < avformat_index_get_entries_count(stream_); ++i) {
    entries += avformat_index_get_entry(stream_, i)->size > 0;
  }
  std::int64_t rest = entries - read;
  if (input_->iformat->name == std::string_view("avi")) {
    // The index is at the end. The number in the header counts empty chunks, and may be wrong or a
    // placeholder: what the file lacks has to have room for the frames, each with the head of a
    // chunk and an index entry.
    constexpr int kLeastBytes = 8 + 16;
    rest = std::max(rest, std::min(stream_->nb_frames - read, bytes_cut_from_avi() / kLeastBytes));
  }
  return std::max<std::int64_t>(0, rest);
}

// By how much the last RIFF chunk is longer than the file; 0 if unknown.
std::int64_t PacketSource::bytes_cut_from_avi() const {
  constexpr std::int64_t kPlaceholder = 0xffffffff;  // of a file that was written to a pipe
  if (pipe_) return std::max<std::int64_t>(0, pipe_->riff_end() - pipe_->count());
  AVIOContext* io = input_->pb;
  const std::int64_t size = avio_size(io);
  std::int64_t at = 0;
  while (at + 8 <= size && avio_seek(io, at, SEEK_SET) == at &&
         avio_rl32(io) == MKTAG('R', 'I', 'F', 'F')) {
    const std::int64_t length = avio_rl32(io);
    if (length == kPlaceholder) return 0;
    at += 8 + length;
  }
  return std::max<std::int64_t>(0, at - size);
}

}  // namespace vremd::video
