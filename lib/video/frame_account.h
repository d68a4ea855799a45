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

// The container's facts about a packet.
struct PacketFacts {
  std::int64_t serial = 0;                 // 0, 1, 2 ... in decoding order
  std::optional<std::int64_t> pts, dts{};  // in the time base of the stream
  bool key = false;
  bool corrupt = false;     // the packet itself, or something before it
  bool maybe_seam = false;  // corrupt, or the last packet of a recording with another appended
};

// Properties of a stream.
struct StreamFacts {
  double unit = 1;                   // seconds of the time base
  double frame_seconds = 0.04;       // from one frame to the next
  int reorder = 0;                   // pictures come at most this many packets after their own
  bool always_a_frame = false;       // every intact packet of this codec yields a picture
  bool counts_packets = false;       // the container states the number of packets
  bool begins_anywhere = false;      // not at a key frame (a recording of a broadcast)
  double longest_pause = 0;          // seconds; a longer one is a jump of the timestamps
  std::optional<double> duration{};  // seconds, according to the container
};

// The next frame of the video: a picture, or one that is missing.
struct FrameEntry {
  bool missing = false;
  std::optional<std::int64_t> pts{};
  double time = 0;        // seconds, greater than that of the frame before
  std::string problem{};  // why it is missing
};

// Accounts for the frames of a stream: which ones are missing, and when each is shown. Independent
// of libav: its user reports the packets sent, the errors, and the pictures received.
//
// - Each call of picture() adds one entry, in the order of the calls.
// - Missing entries are added only after a sign of damage: a packet that the container marks as
//   corrupt, or for which the decoder reports an error. A packet without a picture is lost if it
//   has such a sign, or if an earlier one had and every packet before that gave a picture.
//   Otherwise it is invisible (an alternate reference, the second field of a frame, a frame that is
//   not coded). Packets before the first picture refer to frames that were cut off.
// - Near damage, if the container does not count packets and the frame rate has been constant, the
//   gap in the times determines the number of lost frames.
// - Times increase. Timestamps that go back, or that pause for too long, begin a new timeline one
//   frame after the last one.
//
// Report packets, errors and pictures in the order in which the decoder finishes them; it does not
// depend on the number of threads.
class FrameAccount {
 public:
  // `problem_of`: the decoder's error for a packet; "" if none.
  FrameAccount(StreamFacts facts, std::function<std::string(std::int64_t)> problem_of)
      : facts_(facts), problem_of_(std::move(problem_of)), last_time_(-facts.frame_seconds) {}

  void set_reorder(int packets) { facts_.reorder = packets; }
  bool is_corrupt(std::int64_t serial) const;  // by the container, and without a picture so far
  void decoded(const PacketFacts& packet);
  void error(const std::string& problem);  // the decoder could not decode the last packet
  // A picture of packet `serial`, or of an unknown one.
  void picture(std::optional<std::int64_t> serial, bool damaged);
  // After the last picture. The container announces that many more frames, which are lost; at
  // least one if the file is `cut`.
  void end(std::int64_t announced, bool cut, const std::string& problem);

  std::optional<FrameEntry> take();  // the next entry, if there is one

 private:
  static constexpr std::int64_t kNever = INT64_MIN / 2;

  struct Packet : PacketFacts {
    int part = 0;          // of the stream: timestamps start anew in each
    bool overdue = false;  // its picture should have come by now
    bool counted = false;  // as a missing frame
  };
  // `count` entries, `step` seconds apart. `packet`: of a missing one, which may still arrive.
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
  std::int64_t late_ = 0;  // pictures that came after their packets were counted as missing

  bool only_dts_ = false;  // the container has no pts (AVI)
  int part_ = 0;
  std::optional<std::int64_t> last_stamp_;
  std::int64_t newest_ = -1;      // the largest serial of a picture
  std::int64_t broken_ = kNever;  // the serial of the latest sign of damage
  std::int64_t seam_ = kNever;    // and of the latest one that may be a seam
  std::int64_t in_step_ = 0;      // pictures one interval after their predecessor
  bool steady_ = true;            // likewise all others, except near damage

  double last_time_;                    // of the last entry
  std::optional<std::int64_t> origin_;  // pts of time 0 in the current timeline
  int origin_part_ = 0;
  std::deque<Run> ready_;
};

}  // namespace vremd::video
