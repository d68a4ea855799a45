// SPDX-License-Identifier: Apache-2.0
#pragma once

// Edits that a correct writer cannot make: lost and corrupt packets, truncated files, odd matrices.

#include "video/av.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace vremd {

struct ClipEdit {
  // Called for each packet in file order; may change its bytes. False drops the packet.
  std::function<bool(int number, AVPacket& packet)> packet{};
  std::vector<std::int32_t> display_matrix{};          // nine numbers, or none
  std::map<std::string, std::string> muxer_options{};  // movflags=faststart
};

inline void check_av(int status, const std::string& what) {
  if (status < 0) throw std::runtime_error(what + ": " + video::av_error_text(status));
}

// Copies the packets of a clip with one stream into another file.
inline std::string edit_clip(const std::string& from, const std::string& to, const ClipEdit& edit) {
  video::silence_libav();
  AVFormatContext* context = nullptr;
  check_av(avformat_open_input(&context, from.c_str(), nullptr, nullptr), from);
  const video::AvInput input(context);
  check_av(avformat_find_stream_info(context, nullptr), from);
  check_av(avformat_alloc_output_context2(&context, nullptr, nullptr, to.c_str()), to);
  const video::AvOutput output(context);
  check_av(avio_open(&context->pb, to.c_str(), AVIO_FLAG_WRITE), to);
  AVStream& source = *input->streams[0];
  AVStream& stream = *avformat_new_stream(context, nullptr);
  check_av(avcodec_parameters_copy(stream.codecpar, source.codecpar), to);
  stream.codecpar->codec_tag = 0;
  stream.time_base = source.time_base;
  if (!edit.display_matrix.empty()) {
    std::copy(edit.display_matrix.begin(), edit.display_matrix.end(),
              video::add_stream_display_matrix(stream));
  }
  AVDictionary* options = nullptr;
  for (const auto& [key, value] : edit.muxer_options) {
    av_dict_set(&options, key.c_str(), value.c_str(), 0);
  }
  const int status = avformat_write_header(context, &options);
  av_dict_free(&options);
  check_av(status, to);
  const video::AvPacket packet(av_packet_alloc());
  for (int number = 0; av_read_frame(input.get(), packet.get()) >= 0; ++number) {
    check_av(av_packet_make_writable(packet.get()), to);
    if (!edit.packet || edit.packet(number, *packet)) {
      av_packet_rescale_ts(packet.get(), source.time_base, stream.time_base);
      packet->stream_index = 0;
      packet->pos = -1;
      check_av(av_interleaved_write_frame(context, packet.get()), to);
    }
    av_packet_unref(packet.get());
  }
  check_av(av_write_trailer(context), to);
  return to;
}

// From an AVI of MPEG-4 with single B-frames, as DivX and XviD write it: each B-frame is in the
// packet of the frame before it in the file, and its own packet is a placeholder ("not coded").
inline std::string pack_b_frames(const std::string& from, const std::string& to) {
  using Bytes = std::vector<std::uint8_t>;
  constexpr std::uint8_t kPicture = 0xb6, kUserData = 0xb2, kB = 2;
  const auto start_of = [](const Bytes& bytes, std::uint8_t code) {
    const std::uint8_t start[] = {0, 0, 1, code};
    return std::search(bytes.begin(), bytes.end(), std::begin(start), std::end(start));
  };
  std::vector<Bytes> packets;
  edit_clip(from, to, {.packet = [&](int, AVPacket& packet) {
              packets.emplace_back(packet.data, packet.data + packet.size);
              return true;
            }});
  std::vector<Bytes> packed = packets;
  for (std::size_t i = 1; i < packets.size(); ++i) {
    const auto picture = start_of(packets[i], kPicture);
    if (packets[i].end() - picture < 5 || picture[4] >> 6 != kB) continue;
    packed[i - 1].insert(packed[i - 1].end(), packets[i].begin(), packets[i].end());
    packed[i] = {0, 0, 1, kPicture, 0x51, 0x3f};
  }
  if (packed == packets) throw std::runtime_error(from + ": no B-frames");
  // What tells the decoder.
  const std::string writer = "DivX503b1393p";
  Bytes note{0, 0, 1, kUserData};
  note.insert(note.end(), writer.begin(), writer.end());
  packed[0].insert(start_of(packed[0], kPicture), note.begin(), note.end());
  return edit_clip(from, to, {.packet = [&](int number, AVPacket& packet) {
                     const Bytes& bytes = packed.at(number);
                     const int more = static_cast<int>(bytes.size()) - packet.size;
                     if (more > 0) check_av(av_grow_packet(&packet, more), to);
                     if (more < 0) av_shrink_packet(&packet, static_cast<int>(bytes.size()));
                     std::copy(bytes.begin(), bytes.end(), packet.data);
                     return true;
                   }});
}

inline std::vector<char> file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string write_bytes(const std::string& path, const std::vector<char>& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

// The first `percent` of a file.
inline std::string cut_file(const std::string& from, const std::string& to, int percent) {
  std::vector<char> bytes = file_bytes(from);
  bytes.resize(bytes.size() * percent / 100);
  return write_bytes(to, bytes);
}

}  // namespace vremd
