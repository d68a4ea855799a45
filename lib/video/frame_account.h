// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace vremd::video {

// What the container tells about a packet.
struct PacketFacts {
  std::int64_t serial = 0;                 // 0, 1, 2 ... in decoding order
  std::optional<std::int64_t> pts, dts{};  // in the time base of the stream
  bool key = false;
  bool corrupt = false;     // the packet itself, or something in front of it
  bool maybe_seam = false;  // corrupt, or the last one of a recording that another is joined to
};

// What the account has to know about a stream.
struct StreamFacts {
  double unit = 1;                   // seconds of the time base
  double frame_seconds = 0.04;       // from one frame to the next
  int reorder = 0;                   // at most this many packets after its own, a picture is given
  bool always_a_frame = false;       // every intact packet of this codec yields a picture
  bool counts_packets = false;       // the container says how many packets there are
  bool begins_anywhere = false;      // not at a key frame (a recording of a broadcast)
  double longest_pause = 0;          // seconds; a longer one is a jump of the time stamps
  std::optional<double> duration{};  // seconds, according to the container
};

// The next frame of the video: a picture, or one that is missing.
struct FrameEntry {
  bool missing = false;
  std::optional<std::int64_t> pts{};
  double time = 0;        // seconds, greater than that of the frame before
  std::string problem{};  // why it is missing
};

// Accounts for the frames of a stream: which of them are missing, and at what time each is shown.
// It knows nothing of libav: the decoder tells what it sent, what went wrong and what it was given.
//
// - Each call of picture() adds one entry, in the order of the calls.
// - Missing entries are added only after a sign of damage: a packet that the container calls
// corrupt
//   or for which the decoder reports an error. A packet without a picture is lost if there is a
//   sign for it, or if there was one for another and every packet before that had its picture.
//   Otherwise it is invisible (an alternate reference, the second field of a frame, a frame that is
//   not coded). Packets in front of the first picture refer to frames that were cut away.
// - Near damage, where the container counts no packets and the frame rate has been constant, the
//   room in the times tells how many frames are lost.
// - Times increase. Time stamps that go back, or that pause for too long, begin a new timeline one
//   frame after the last one.
//
// Report packets, errors and pictures in the order in which the decoder finishes them; it does not
// depend on the number of threads.
class FrameAccount {
 public:
  // `problem_of`: what the decoder said about a packet; "" if nothing.
  FrameAccount(StreamFacts facts, std::function<std::string(std::int64_t)> problem_of)
      : facts_(facts), problem_of_(std::move(problem_of)), last_time_(-facts.frame_seconds) {}

  void set_reorder(int packets) { facts_.reorder = packets; }
  bool is_corrupt(std::int64_t serial) const;  // by the container, if it has no picture so far
  void decoded(const PacketFacts& packet);
  void error(const std::string& problem);  // the decoder could not decode the last packet
  // A picture of the packet `serial`, or of an unknown one.
  void picture(std::optional<std::int64_t> serial, bool damaged);
  // After the last picture. `lost` frames follow it that the container announces (counted as 1 if
  // the container is `cut` and announces nothing).
  void end(std::int64_t announced, bool cut, const std::string& problem);

  std::optional<FrameEntry> take();  // the next entry, if there is one

 private:
  static constexpr std::int64_t kNever = INT64_MIN / 2;

  struct Packet : PacketFacts {
    int part = 0;          // of the stream: time stamps begin anew with each
    bool overdue = false;  // its picture should have been given by now
    bool counted = false;  // as a missing frame
  };
  // `count` entries, `step` seconds apart. `packet`: of a missing one, whose picture may yet come.
  struct Run {
    FrameEntry first;
    std::int64_t count = 1;
    double step = 0;
    std::int64_t packet = kNever;
  };
  struct Lost {
    FrameEntry entry;
    std::int64_t packet;
  };

  double next_time() const { return last_time_ + facts_.frame_seconds; }
  bool comes_before(const Packet& packet, const Packet& shown) const;
  std::vector<Lost> take_lost(const Packet* shown);
  void withdraw(std::int64_t packet);
  std::optional<std::int64_t> take_pts(const Packet& packet);
  std::optional<double> timeline_time(std::optional<std::int64_t> pts, int part,
                                      std::int64_t lost) const;
  double begin_timeline(std::optional<std::int64_t> pts, int part, std::int64_t lost);
  bool times_count_losses() const;
  std::int64_t lost_by_time(double time, std::int64_t serial, std::int64_t lost);
  void add_missing(std::vector<Lost> lost, std::int64_t count, double end);
  void add(Run run);

  StreamFacts facts_;
  std::function<std::string(std::int64_t)> problem_of_;
  std::map<std::int64_t, Packet> waiting_;           // by serial: without picture so far
  std::multiset<std::pair<int, std::int64_t>> dts_;  // part and dts of those, if only_dts_
  std::deque<std::int64_t> errors_;                  // of unknown packets: newest_ at that time
  std::string error_text_;
  std::int64_t first_key_ = INT64_MAX;  // serial of the first key frame
  bool damage_seen_ = false, invisible_seen_ = false, any_shown_ = false, ended_ = false;
  std::int64_t given_after_all_ = 0;  // pictures of packets that had been counted as missing

  bool only_dts_ = false;  // the container has no pts (AVI)
  int part_ = 0;
  std::optional<std::int64_t> last_stamp_;
  std::int64_t newest_ = -1;      // the largest serial of a picture
  std::int64_t broken_ = kNever;  // the serial of the latest sign of damage
  std::int64_t seam_ = kNever;    // and of the latest one that may be a seam
  std::int64_t in_step_ = 0;      // pictures one interval after the one before
  bool steady_ = true;            // so are all others, except near damage

  double last_time_;                    // of the last entry
  std::optional<std::int64_t> origin_;  // pts of time 0 in the present timeline
  int origin_part_ = 0;
  std::deque<Run> ready_;
};

}  // namespace vremd::video
