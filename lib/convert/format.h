// SPDX-License-Identifier: Apache-2.0
#pragma once

// The formats of vremd-convert: one table, one file per format. A reader turns its files into
// records for a sink; a writer is a sink.
//
// An instance with `visibility` is an annotation, any other a prediction.

#include "io/output_file.h"
#include "io/records.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::convert {

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void begin(const io::Header& header) = 0;  // of a video
  virtual void frame(io::FrameRecord frame) = 0;
  virtual void end(const Json&) {}             // of the video; extra keys of its end record
  virtual void cut() { end(Json::object()); }  // the input is truncated inside the video
  virtual void finish() {}                     // after the last video
};

struct ReadContext {
  io::Header header;         // tool, version and command
  std::string root;          // prepended to the names in the files; "": see joins_folder
  bool joins_folder = true;  // without a root, names are relative to the folder of their file
  bool only_frames = false;  // people do not matter
  std::string input_joints;  // if a format does not name its joints; "": its own rule
  std::function<bool()> stopped;
};

// False: an input is truncated (after a warning).
using ReadFormat = bool (*)(const std::vector<std::string>& paths, const ReadContext& context,
                            RecordSink& sink);

using WriteFormat = std::unique_ptr<RecordSink> (*)(io::OutputFile& out);
// A format of many files names and writes them itself.
using WriteFolder = std::unique_ptr<RecordSink> (*)(const std::string& folder, bool force);

// The parts of a record that a format can represent; the loss of others is reported.
enum Holds : unsigned {
  kHoldsVideo = 1u << 0,  // its name
  kHoldsSize = 1u << 1,   // width and height
  kHoldsTimes = 1u << 2,  // of frames, in seconds
  kHoldsMaker = 1u << 3,  // model, settings, device, earlier tools
  kHoldsEmpty = 1u << 4,  // frames without people
  kHoldsFiles = 1u << 5,  // names of pictures
  kHoldsImageIds = 1u << 6,
  kHoldsDamage = 1u << 7,
  kHoldsBoxes = 1u << 8,
  kHoldsBoxScores = 1u << 9,
  kHoldsScores = 1u << 10,  // of people
  kHoldsKeypoints = 1u << 11,
  kHoldsTracks = 1u << 12,
  kHoldsIds = 1u << 13,
  kHoldsAnnotation = 1u << 14,  // visibility, head boxes, regions to ignore
  kHoldsBare = 1u << 15,        // people without keypoints
  kHoldsOther = 1u << 16,       // other keys
  kHoldsRate = 1u << 17,        // fps, time base, pts
  kHoldsJointScores = 1u << 18,
  kHoldsAll = ~0u,
};

struct Format {
  std::string_view name, help;
  bool (*guess)(std::string_view head);  // from the first bytes of a file
  ReadFormat read;                       // null: only written
  WriteFormat write;                     // null: write_folder
  unsigned holds;
  std::string_view joints;               // the set it is written with; "": any
  bool one_video;                        // per file
  WriteFolder write_folder = nullptr;    // its inputs are folders, too
  std::string_view extension = ".json";  // of its files
};

const Format* find_format(std::string_view name);  // null: unknown
std::string format_names();                        // for messages and --help
// Of a directory: yolo, or that of its first JSON file. Error: unknown.
const Format& guess_format(const std::string& path);

// ---- the formats ------------------------------------------------------------------------------

bool guess_records(std::string_view head);
bool read_records(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_records(io::OutputFile& out);

bool guess_posetrack17(std::string_view head);
std::unique_ptr<RecordSink> write_posetrack17(io::OutputFile& out);

bool guess_posetrack18(std::string_view head);
bool guess_coco_keypoints(std::string_view head);
bool read_annotation_files(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_posetrack18(io::OutputFile& out);
std::unique_ptr<RecordSink> write_posetrack21(io::OutputFile& out);
std::unique_ptr<RecordSink> write_coco_keypoints(io::OutputFile& out);

bool guess_coco_results(std::string_view head);
bool guess_coco_boxes(std::string_view head);
bool read_coco_results(const std::vector<std::string>&, const ReadContext&, RecordSink&);
bool read_coco_boxes(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_coco_results(io::OutputFile& out);
std::unique_ptr<RecordSink> write_coco_boxes(io::OutputFile& out);

bool guess_openpose(std::string_view head);
bool read_openpose(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_openpose(const std::string& folder, bool force);

bool guess_alphapose(std::string_view head);
bool read_alphapose(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_alphapose(io::OutputFile& out);

bool guess_mmpose(std::string_view head);
bool read_mmpose(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_mmpose(io::OutputFile& out);

bool guess_dlc(std::string_view head);
bool read_dlc(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_dlc(io::OutputFile& out);

bool guess_mot(std::string_view head);
bool read_mot(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_mot(io::OutputFile& out);

bool guess_trc(std::string_view head);
bool read_trc(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_trc(io::OutputFile& out);

bool is_yolo(const std::string& folder);
bool read_yolo(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_yolo(const std::string& folder, bool force);

bool guess_csv(std::string_view head);
bool read_csv(const std::vector<std::string>&, const ReadContext&, RecordSink&);
std::unique_ptr<RecordSink> write_csv(io::OutputFile& out);
std::unique_ptr<RecordSink> write_csv_wide(io::OutputFile& out);
std::unique_ptr<RecordSink> write_csv_tracks(io::OutputFile& out);

}  // namespace vremd::convert
