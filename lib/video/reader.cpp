// SPDX-License-Identifier: Apache-2.0
#include "video/reader.h"

#include "core/error.h"
#include "core/log.h"
#include "core/names.h"
#include "io/input_file.h"
#include "video/live_queue.h"
#include "video/picture_decoder.h"
#include "video/picture_names.h"
#include "video/shot_detector.h"
#include "video/stream_decoder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <system_error>
#include <vector>

namespace vremd::video {
namespace {

constexpr int kMaxWarnings = 5;                // about individual frames, per video
constexpr std::size_t kLiveLookAhead = 2;      // of the shot detector, instead of kLookAhead
constexpr double kPictureFrameSeconds = 0.04;  // of images, which have no time: 25 a second

std::optional<std::pair<std::int64_t, std::int64_t>> rational(AVRational value) {
  if (value.num <= 0 || value.den <= 0) return {};
  return std::pair<std::int64_t, std::int64_t>{value.num, value.den};
}

// Frames without index.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  virtual std::optional<DecodedFrame> next() = 0;  // nothing at the end or after a stop
  virtual bool stopped() const = 0;
  virtual void describe(VideoInfo& info) const = 0;
  virtual const std::string& place() const = 0;
  virtual std::int64_t reconnects() const { return 0; }
  virtual std::string lost() const { return ""; }  // why the connection ended
};

// A video stream, and those of files that were joined to it (by cat) and that its demuxer does not
// read: each goes on one frame after the last one.
class StreamSource : public FrameSource {
 public:
  StreamSource(std::string path, VideoReaderOptions options)
      : path_(std::move(path)), options_(std::move(options)), parts_(joined_parts(path_)) {
    open_first_part();
    const AVRational base = packets_->stream().time_base;
    time_base_ = {base.num, base.den};
  }

  std::optional<DecodedFrame> next() override {
    for (;;) {
      if (auto decoded = decoder_->next()) {
        Frame& frame = *decoded->frame;
        frame.time = last_time_ = start_ + frame.time;
        const AVRational base = packets_->stream().time_base;
        if (std::pair{base.num, base.den} != time_base_) frame.pts.reset();
        return decoded;
      }
      if (stopped() || packets_->is_lost() || !open_next_part()) return {};
    }
  }

  bool stopped() const override { return stopped_while_opening_ || decoder_->stopped(); }
  const std::string& place() const override { return packets_->place(); }
  std::int64_t reconnects() const override { return packets_->reconnects(); }
  std::string lost() const override { return packets_->is_lost() ? packets_->end_problem() : ""; }

  void describe(VideoInfo& info) const override {
    AVStream& stream = packets_->stream();
    info.fps = rational(av_guess_frame_rate(packets_->context(), &stream, nullptr));
    info.time_base = rational(stream.time_base);
    if (stream.nb_frames > 0 && parts_.size() == 1) info.frames_expected = stream.nb_frames;
    info.codec = avcodec_get_name(stream.codecpar->codec_id);
    const AVRational aspect = av_guess_sample_aspect_ratio(packets_->context(), &stream, nullptr);
    if (aspect.num > 0 && aspect.den > 0) info.pixel_aspect = {aspect.num, aspect.den};
    if (decoder_->transposed()) std::swap(info.pixel_aspect.first, info.pixel_aspect.second);
  }

 private:
  void open() {
    auto packets = std::make_unique<PacketSource>(
        path_, options_.stopped, options_.low_delay || options_.live, parts_[part_], pipe_);
    auto decoder = std::make_unique<StreamDecoder>(*packets, options_.threads);
    decoder_ = std::move(decoder);  // first: it refers to the packets
    packets_ = std::move(packets);
  }

  // Of parts that were joined, the first one may be cut so early that nothing can be read.
  void open_first_part() {
    for (;; ++part_) {
      try {
        return open();
      } catch (const Error& error) {
        if (part_ + 1 >= parts_.size()) throw;
        warn_of_part(error);
      }
    }
  }

  void warn_of_part(const Error& error) const {
    log_warning("{}: from byte {} on: {}", path_, parts_[part_].start, error.what());
  }

  bool open_next_part() {
    if (const auto other = packets_->other_recording()) {
      parts_.insert(parts_.begin() + static_cast<std::ptrdiff_t>(part_) + 1, *other);
    }
    start_ = last_time_ + decoder_->frame_seconds();
    for (;;) {
      try {
        FilePart of_pipe;
        pipe_ = packets_->next_of_pipe(of_pipe);
        if (pipe_) parts_.push_back(of_pipe);
        if (++part_ >= parts_.size()) return false;
        open();
        return true;
      } catch (const StoppedWhileOpening&) {
        stopped_while_opening_ = true;
        return false;
      } catch (const Error& error) {
        warn_of_part(error);
      }
    }
  }

  std::string path_;
  VideoReaderOptions options_;
  std::vector<FilePart> parts_;
  std::size_t part_ = 0;
  std::shared_ptr<PipeInput> pipe_;
  std::unique_ptr<PacketSource> packets_;
  std::unique_ptr<StreamDecoder> decoder_;
  std::pair<int, int> time_base_;  // of the first part
  double start_ = 0, last_time_ = 0;
  bool stopped_while_opening_ = false;
};

// One image, or those of a folder or pattern.
class PictureSource : public FrameSource {
 public:
  PictureSource(std::string name, std::vector<std::string> paths, bool one,
                const VideoReaderOptions& options)
      : name_(std::move(name)), paths_(std::move(paths)), one_(one), stopped_by_(options.stopped) {}

  std::optional<DecodedFrame> next() override {
    if (next_ == paths_.size() || stopped_) return {};
    if (stopped_by_ && stopped_by_()) {
      stopped_ = true;
      return {};
    }
    DecodedFrame decoded;
    const std::string& path = paths_[next_];
    try {
      decoded.frame = decoder_.read(path);
      if (decoded.frame->damaged) decoded.problem = path + ": decoded with errors";
    } catch (const Error& error) {
      if (one_) throw;
      decoded.frame = std::make_unique<Frame>();
      decoded.frame->missing = true;
      decoded.problem = error.what();
    }
    if (!one_) decoded.frame->file = std::filesystem::path(path).filename();
    decoded.frame->time = static_cast<double>(next_) * kPictureFrameSeconds;
    ++next_;
    return decoded;
  }

  bool stopped() const override { return stopped_; }
  const std::string& place() const override { return name_; }

  void describe(VideoInfo& info) const override {
    info.frames_expected = static_cast<std::int64_t>(paths_.size());
    info.codec = decoder_.codec();
  }

 private:
  std::string name_;
  std::vector<std::string> paths_;
  bool one_;
  std::function<bool()> stopped_by_;
  PictureDecoder decoder_;
  std::size_t next_ = 0;
  bool stopped_ = false;
};

// An existing file wins over a URL and a pattern.
std::unique_ptr<FrameSource> open_source(const std::string& path,
                                         const VideoReaderOptions& options) {
  const auto pictures = [&](std::vector<std::string> paths, bool one) {
    return std::make_unique<PictureSource>(path, std::move(paths), one, options);
  };
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (path != "-" && !std::filesystem::exists(status) && !is_url(path)) {
    if (is_wildcard(path)) return pictures(pictures_of_wildcard(path), false);
    if (is_number_pattern(path)) return pictures(pictures_of_number_pattern(path), false);
  }
  if (std::filesystem::is_directory(status)) return pictures(pictures_in_folder(path), false);
  if (std::filesystem::is_regular_file(status) && is_picture(path)) return pictures({path}, true);
  return std::make_unique<StreamSource>(path, options);
}

}  // namespace

struct VideoReader::Impl {
  VideoInfo info;
  std::unique_ptr<FrameSource> source;
  std::deque<DecodedFrame> ahead;  // read, but not given
  std::optional<ShotDetector> shots;
  std::size_t seen = 0;  // by the shot detector, of `ahead`
  std::size_t look_ahead = 0;
  std::int64_t frames = 0, damaged = 0, missing = 0;
  int warnings = 0;
  std::atomic<bool> stopped = false, closing = false;
  bool ended = false;
  bool gives_rest = false;  // after a stop
  std::atomic<std::int64_t> reconnects = 0;
  std::string lost;
  std::optional<LiveQueue> live;

  ~Impl() {
    closing = true;
    live.reset();
  }

  // Reads up to the first decoded frame, which determines the size.
  void read_ahead();
  std::optional<DecodedFrame> next();
  std::unique_ptr<Frame> read();
  std::unique_ptr<Frame> give(DecodedFrame decoded);
  void end();
};

void VideoReader::Impl::read_ahead() {
  std::string problem;
  while (auto decoded = source->next()) {
    if (problem.empty()) problem = decoded->problem;
    ahead.push_back(std::move(*decoded));
    const Frame& frame = *ahead.back().frame;
    if (!frame.missing) {
      info.width = frame.width;
      info.height = frame.height;
      source->describe(info);
      return;
    }
  }
  stopped = source->stopped();
  if (stopped) return;
  if (ahead.empty()) fail("{}: no frames", source->place());
  fail("{}: no frame can be decoded: {}", source->place(), problem);
}

// The next frame; with a shot detector, once it has seen enough of those that follow.
std::optional<DecodedFrame> VideoReader::Impl::next() {
  while (ahead.size() <= look_ahead) {
    auto decoded = source->next();
    if (!decoded) break;
    ahead.push_back(std::move(*decoded));
  }
  if (ahead.empty() || (shots && source->stopped() && !gives_rest)) return {};
  if (shots) {
    for (; seen < ahead.size(); ++seen) shots->add(*ahead[seen].frame);
    ahead.front().frame->cut = shots->take();
    --seen;
  }
  DecodedFrame decoded = std::move(ahead.front());
  ahead.pop_front();
  return decoded;
}

std::unique_ptr<Frame> VideoReader::Impl::give(DecodedFrame decoded) {
  Frame& frame = *decoded.frame;
  frame.index = frames++;
  if (frame.missing) {
    ++missing;
    frame.width = info.width;
    frame.height = info.height;
  }
  if (frame.damaged) ++damaged;
  if (!decoded.problem.empty() && warnings++ < kMaxWarnings) {
    log_warning("{}: frame {}: {}", source->place(), frame.index, decoded.problem);
  }
  return std::move(decoded.frame);
}

// Null at the end, or after a stop.
std::unique_ptr<Frame> VideoReader::Impl::read() {
  if (ended) return nullptr;
  auto decoded = next();
  reconnects = source->reconnects();
  if (decoded) return give(std::move(*decoded));
  end();
  return nullptr;
}

void VideoReader::Impl::end() {
  if (ended) return;
  ended = true;
  stopped = stopped || source->stopped();
  lost = source->lost();
  if (warnings > kMaxWarnings) {
    log_warning("{}: {} frames decoded with errors, {} missing", source->place(), damaged, missing);
  }
}

VideoReader::VideoReader(std::string path, VideoReaderOptions options)
    : impl_(std::make_unique<Impl>()) {
  Impl& impl = *impl_;
  impl.info.name = path;
  if (options.find_cuts) {
    impl.shots.emplace();
    impl.look_ahead = options.live ? kLiveLookAhead : ShotDetector::kLookAhead;
  }
  impl.gives_rest = options.live;
  if (options.live) {
    options.stopped = [&impl, stopped = std::move(options.stopped)] {
      return impl.closing || (stopped && stopped());
    };
  }
  try {
    impl.source = open_source(path, options);
    impl.read_ahead();
    if (options.live) impl.live.emplace([&impl] { return impl.read(); }, options.counted);
  } catch (const StoppedWhileOpening&) {
    impl.stopped = impl.ended = true;
  }
}

VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;

const VideoInfo& VideoReader::info() const { return impl_->info; }
bool VideoReader::stopped() const { return impl_->stopped; }
std::int64_t VideoReader::damaged() const { return impl_->damaged; }
std::int64_t VideoReader::missing() const { return impl_->missing; }

FramePtr VideoReader::next() { return impl_->live ? impl_->live->next() : impl_->read(); }

std::int64_t VideoReader::skipped() const { return impl_->live ? impl_->live->skipped() : 0; }
std::int64_t VideoReader::reconnects() const { return impl_->reconnects; }
std::string VideoReader::lost() const { return impl_->lost; }

bool can_be_live(const std::string& path) {
  struct stat status{};
  const int found = path == "-" ? fstat(STDIN_FILENO, &status) : stat(path.c_str(), &status);
  if (found == 0) return !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
  return is_url(path) && !path.starts_with("file:");
}

bool looks_like_video(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  try {
    const std::string head = io::read_head(path, 1 << 10);
    const std::size_t first = head.find_first_not_of(" \t\r\n");
    if (first == head.npos || head[first] == '{') return false;
    VideoReader reader(path);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace vremd::video
