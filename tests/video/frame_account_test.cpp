// SPDX-License-Identifier: Apache-2.0
#include "video/frame_account.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

using namespace vremd::video;

namespace {

constexpr double kUnit = 0.001;
constexpr std::int64_t kStep = 40;

// A made-up stream: packets in decoding order, and the order in which their pictures are given.
struct Stream {
  std::vector<PacketFacts> packets;
  std::vector<std::int64_t> pictures;  // serials; each may be lost
  std::set<std::int64_t> lost, invisible;
  bool steady = true;
};

// Groups of one reference picture and up to three B-pictures in front of it, in one or more parts.
Stream make_stream(std::mt19937& random, bool with_pts) {
  const auto pick = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(random);
  };
  Stream stream;
  const int parts = pick(1, 3);
  const std::int64_t start = pick(0, 1000);
  std::int64_t time = start;
  for (int part = 0; part < parts; ++part) {
    if (part > 0) time = pick(0, 1) ? time + 20000 : start;  // forward or back
    const int groups = pick(1, 12);
    for (int group = 0; group < groups; ++group) {
      const auto first = std::ssize(stream.packets);
      const int behind = pick(0, 3);
      const auto add = [&](std::int64_t pts, bool key) {
        const std::int64_t dts = time + (std::ssize(stream.packets) - first - 1) * kStep;
        PacketFacts packet{std::ssize(stream.packets), pts, dts, key};
        if (!with_pts) packet.pts.reset();
        stream.packets.push_back(packet);
      };
      add(time + behind * kStep, group % 4 == 0);
      for (int i = 0; i < behind; ++i) {
        stream.pictures.push_back(std::ssize(stream.packets));
        add(time + i * kStep, false);
      }
      stream.pictures.push_back(first);
      time += (behind + 1) * kStep;
    }
    if (part + 1 < parts) stream.packets.back().maybe_seam = pick(0, 1) == 1;
  }
  return stream;
}

// What the account says if the packets are `ahead` of the pictures.
std::vector<FrameEntry> account_of(const Stream& stream, int ahead, bool with_errors = true) {
  StreamFacts facts{.unit = kUnit, .reorder = 16, .longest_pause = 10};
  FrameAccount account(facts, [&](std::int64_t serial) -> std::string {
    return with_errors && stream.lost.contains(serial) ? "said" : "";
  });
  std::size_t sent = 0;
  const auto send_until = [&](std::int64_t serial) {
    for (; sent < stream.packets.size() && std::int64_t(sent) <= serial; ++sent) {
      account.decoded(stream.packets[sent]);
    }
  };
  std::int64_t latest = 0;
  for (const std::int64_t serial : stream.pictures) {
    // A picture is given when a packet behind it in decoding order was decoded.
    latest = std::max(latest, serial);
    send_until(latest + ahead);
    if (stream.lost.contains(serial) || stream.invisible.contains(serial)) continue;
    account.picture(serial, false);
  }
  send_until(INT64_MAX);
  account.end(0, false, "");
  std::vector<FrameEntry> entries;
  while (auto entry = account.take()) entries.push_back(*entry);
  return entries;
}

std::int64_t count_missing(const std::vector<FrameEntry>& entries) {
  return std::ranges::count_if(entries, &FrameEntry::missing);
}

void check_times(const std::vector<FrameEntry>& entries) {
  for (std::size_t i = 1; i < entries.size(); ++i) CHECK(entries[i].time > entries[i - 1].time);
}

bool same(const std::vector<FrameEntry>& a, const std::vector<FrameEntry>& b) {
  return std::ranges::equal(a, b, [](const FrameEntry& x, const FrameEntry& y) {
    return x.missing == y.missing && x.pts == y.pts && x.time == y.time;
  });
}

}  // namespace

TEST_CASE("an intact stream has one entry per picture and no others") {
  std::mt19937 random(GENERATE(range(0, 200)));
  const Stream stream = make_stream(random, GENERATE(true, false));
  const std::vector<FrameEntry> entries = account_of(stream, 0);
  REQUIRE(entries.size() == stream.pictures.size());
  CHECK(count_missing(entries) == 0);
  check_times(entries);
  CHECK(entries[0].time == 0);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CHECK(std::abs(entries[i].time - i * kStep * kUnit) < 1e-9);
    if (const auto pts = stream.packets[stream.pictures[i]].pts) CHECK(entries[i].pts == pts);
  }
  CHECK(same(entries, account_of(stream, 8)));
}

TEST_CASE("invisible packets are not missing") {
  std::mt19937 random(GENERATE(range(0, 100)));
  Stream stream = make_stream(random, true);
  for (PacketFacts& packet : stream.packets) {
    packet.maybe_seam = false;  // a sign of damage
    if (random() % 4 == 0 && packet.serial > 0) stream.invisible.insert(packet.serial);
  }
  const std::vector<FrameEntry> entries = account_of(stream, 0);
  CHECK(entries.size() == stream.packets.size() - stream.invisible.size());
  CHECK(count_missing(entries) == 0);
  check_times(entries);
  CHECK(same(entries, account_of(stream, 8)));
}

TEST_CASE("a packet for which the decoder reports an error is missing in its place") {
  std::mt19937 random(GENERATE(range(0, 100)));
  Stream stream = make_stream(random, GENERATE(true, false));
  for (std::size_t i = 1; i < stream.pictures.size(); ++i) {  // behind the first picture
    if (random() % 4 == 0) stream.lost.insert(stream.pictures[i]);
  }
  const std::vector<FrameEntry> entries = account_of(stream, 0);
  REQUIRE(entries.size() == stream.packets.size());
  check_times(entries);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CAPTURE(i);
    if (stream.packets[0].pts) {  // without, the place is known to 16 packets only
      CHECK(entries[i].missing == stream.lost.contains(stream.pictures[i]));
    }
    CHECK((!entries[i].missing || entries[i].problem == "cannot decode: said"));
  }
  CHECK(count_missing(entries) == std::ssize(stream.lost));
  CHECK(same(entries, account_of(stream, 8)));
}

TEST_CASE("any order of events gives one entry per picture, and increasing times") {
  std::mt19937 random(GENERATE(range(0, 300)));
  StreamFacts facts{.unit = kUnit, .reorder = static_cast<int>(random() % 17)};
  facts.always_a_frame = random() % 2;
  facts.counts_packets = random() % 2;
  facts.longest_pause = random() % 2 ? 10 : 108000;
  FrameAccount account(facts, [&](std::int64_t) { return random() % 8 ? "" : "said"; });
  std::int64_t sent = 0, pictures = 0, entries = 0;
  double last = -1;
  const auto take_all = [&] {
    while (const auto entry = account.take()) {
      CHECK(entry->time > last);
      CHECK(std::isfinite(entry->time));
      last = entry->time;
      entries += !entry->missing;
    }
  };
  for (int event = 0; event < 300; ++event) {
    const auto any_time = [&]() -> std::optional<std::int64_t> {
      if (random() % 8 == 0) return {};
      return random() % 16 ? sent * kStep + std::int64_t(random() % 200)
                           : static_cast<std::int64_t>(std::uint64_t{random()} * random());
    };
    if (random() % 2) {
      PacketFacts packet{sent++,
                         any_time(),
                         any_time(),
                         random() % 8 == 0,
                         random() % 32 == 0,
                         random() % 32 == 0};
      account.decoded(packet);
    } else if (random() % 16 == 0) {
      account.error("bad");
    } else {
      std::optional<std::int64_t> serial;
      if (sent > 0 && random() % 8) serial = std::max<std::int64_t>(0, sent - random() % 20);
      account.picture(serial, random() % 16 == 0);
      ++pictures;
    }
    if (random() % 4 == 0) take_all();
  }
  account.end(random() % 3, random() % 2, "cut");
  take_all();
  CHECK(entries == pictures);
}

TEST_CASE("a picture that comes late is not counted twice") {
  FrameAccount account({.unit = kUnit}, [](std::int64_t) { return ""; });
  for (std::int64_t i = 0; i < 4; ++i) account.decoded({i, i * kStep, i * kStep, i == 0});
  account.picture(0, false);
  account.error("bad");
  account.picture(2, false);  // 1 is missing
  const bool taken = GENERATE(true, false);
  std::vector<bool> missing;
  if (taken) {
    missing = {account.take()->missing, account.take()->missing};
    CHECK(missing == std::vector<bool>{false, true});
  }
  account.picture(1, true);  // no, it is here
  account.error("bad");      // 3 is lost
  account.end(0, false, "");
  double last = -1;
  while (const auto entry = account.take()) {
    missing.push_back(entry->missing);
    CHECK(entry->time > last);
    last = entry->time;
  }
  CHECK(missing == (taken ? std::vector<bool>{false, true, false, false}
                          : std::vector<bool>{false, false, false, true}));
}

TEST_CASE("a packet whose turn comes long after it was decoded may be lost") {
  Stream stream;
  constexpr std::int64_t kPackets = 200, kWrong = 5;
  for (std::int64_t i = 0; i < kPackets; ++i) {
    stream.packets.push_back({i, i * kStep, i * kStep, i == 0});
    if (i != kWrong) stream.pictures.push_back(i);
  }
  stream.packets[kWrong].pts = 190 * kStep + 1;  // shown between the pictures 190 and 191
  stream.lost.insert(kWrong);
  const std::vector<FrameEntry> entries = account_of(stream, 0);
  CHECK(std::ssize(entries) == kPackets);
  CHECK(count_missing(entries) == 1);
  CHECK(entries[190].missing);
  check_times(entries);
}

TEST_CASE("times that jump begin a new timeline") {
  struct Case {
    std::int64_t second;  // pts of the second frame
    double pause, second_time, third_time;
  };
  const Case c = GENERATE(Case{90000, 10, 0.04, 0.08},        // 90 s: a jump
                          Case{90000, 108000, 90, 90.04},     // a pause
                          Case{9000, 10, 9, 9.04},            // a pause
                          Case{-90000, 108000, 0.04, 0.08});  // back
  FrameAccount account({.unit = kUnit, .longest_pause = c.pause}, [](std::int64_t) { return ""; });
  account.decoded({0, 0, 0, true});
  account.decoded({1, c.second, c.second, true});
  account.decoded({2, c.second + kStep, c.second + kStep, false});
  for (std::int64_t i = 0; i < 3; ++i) account.picture(i, false);
  CHECK(account.take()->time == 0);
  const auto second = account.take(), third = account.take();
  CHECK(std::abs(second->time - c.second_time) < 1e-9);
  CHECK(std::abs(third->time - c.third_time) < 1e-9);
  CHECK(second->pts == c.second);
}

TEST_CASE("two pictures with the same timestamp do not shift the others") {
  FrameAccount account({.unit = kUnit, .longest_pause = 10}, [](std::int64_t) { return ""; });
  const std::vector<std::int64_t> pts{0, 40, 40, 80, 70, 120};
  for (std::int64_t i = 0; i < std::ssize(pts); ++i) {
    account.decoded({i, pts[i], i, false});
    account.picture(i, false);
  }
  double last = -1;
  for (const std::int64_t each : pts) {
    const double time = account.take()->time;
    CHECK(time > last);
    CHECK(std::abs(time - each * kUnit) < 0.011);
    last = time;
  }
}

TEST_CASE("a large number of missing frames takes no memory") {
  FrameAccount account({.unit = kUnit}, [](std::int64_t) { return ""; });
  account.decoded({0, 0, 0, true});
  account.picture(0, false);
  account.end(INT64_MAX / 2, true, "the file is truncated");
  CHECK_FALSE(account.take()->missing);
  for (int i = 1; i < 1000; ++i) {
    const auto entry = account.take();
    CHECK(entry->missing);
    CHECK(std::abs(entry->time - i * 0.04) < 1e-9);
  }
}
