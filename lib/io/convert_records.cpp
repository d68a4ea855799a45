// SPDX-License-Identifier: Apache-2.0
#include "io/convert_records.h"

#include "core/error.h"
#include "core/log.h"
#include "io/posetrack.h"

#include <filesystem>

namespace vremd {
namespace {

struct Format {
  std::string_view name;
  ReadFormat read;
};
constexpr Format kFormats[] = {{"posetrack18", read_posetrack18}};

Instance detection(const AnnotatedPerson& person) {
  if (!person.box) fail("{}: no bbox", person.place);
  Instance instance;
  instance.box = *person.box;
  instance.box_score = instance.score = person.box_score.value_or(1);
  instance.id = person.id;
  instance.track = person.track;
  return instance;
}

}  // namespace

ReadFormat find_read_format(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return format.read;
  }
  return nullptr;
}

std::string read_formats() {
  std::string names;
  for (const Format& format : kFormats) {
    if (!names.empty()) names += ", ";
    names += format.name;
  }
  return names;
}

void read_posetrack18(const std::string& path, const ConvertConfig& config, const Header& header,
                      RecordWriter& out) {
  const Annotations annotations = Annotations::read(path, config.root);
  std::int64_t crowds = 0;
  for (const AnnotatedVideo& video : annotations.videos) {
    Header own = header;
    own.video = video.path;
    own.width = video.frames.front().width;
    own.height = video.frames.front().height;
    own.extra["vid_id"] = video.id;
    out.write(own);
    for (const AnnotatedFrame& frame : video.frames) {
      FrameRecord record;
      record.frame = frame.index;
      record.image_id = frame.image_id;
      if (video.source == VideoSource::kFolder) {
        record.file = std::filesystem::path(frame.file_name).filename();
      }
      const std::pair<int, int> size = {frame.width, frame.height};
      if (frame.width > 0 && size != std::pair(own.width, own.height)) record.size = size;
      for (const AnnotatedPerson& person : frame.persons) {
        if (person.crowd) {
          ++crowds;
        } else {
          record.instances.push_back(detection(person));
        }
      }
      out.write(record);
    }
    out.write_end();
  }
  if (crowds) log_warning("{}: crowd regions left out: {}", annotations.path, crowds);
}

void convert_records(const ConvertConfig& config, const Header& header) {
  const ReadFormat read = find_read_format(config.from);
  if (!read) fail("{}: no such format (there are {})", config.from, read_formats());
  OutputFile file(config.output, config.force);
  RecordWriter out(file);
  for (const std::string& path : config.inputs) read(path, config, header, out);
  file.commit();
  log_info("{} frames, {} instances", out.frames(), out.instances());
}

}  // namespace vremd
