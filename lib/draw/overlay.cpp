// SPDX-License-Identifier: Apache-2.0
#include "draw/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace vremd::draw {
namespace {

constexpr double kCertain = 0.6;  // minimum score of a joint drawn in full

int shorter_side(Size canvas) { return std::min(canvas.width, canvas.height); }

// Of a line of text in a corner: 2.2 % of the picture, but legible.
double text_size(Size canvas) { return std::max(9.0, 0.022 * shorter_side(canvas)); }

bool usable(const Box& box) { return box.finite() && box.area() > 0; }

Side side_of(const std::string& joint) {
  if (joint.starts_with("left_")) return Side::kLeft;
  if (joint.starts_with("right_")) return Side::kRight;
  return Side::kMiddle;
}

// A limb belongs to a side if one end does and the other is not on the opposite side.
Side side_of(Side a, Side b) {
  if (a == b || b == Side::kMiddle) return a;
  return a == Side::kMiddle ? b : Side::kMiddle;
}

bool is_face(const std::string& joint) {
  return joint == "nose" || joint.ends_with("_eye") || joint.ends_with("_ear") ||
         joint.starts_with("face_");
}
bool is_head(const std::string& joint) { return is_face(joint) || joint.starts_with("head_"); }

// Of a joint, relative to a knee: points of the face and of fingers are close to each other.
double dot_size(const std::string& joint) {
  const auto has = [&](const char* part) { return joint.find(part) != std::string::npos; };
  if (joint.starts_with("face_") || has("finger_") || has("thumb_")) return 0.3;
  return is_face(joint) ? 0.6 : 0.85;
}

double line_width(const std::string& from, const std::string& to) {
  return std::min(dot_size(from), dot_size(to)) < 0.5 ? 0.4 : 1;
}

// One person as it will be drawn, in canvas pixels.
struct Person {
  const io::Instance* instance;
  int colour;
  Box box;
  double limb;  // width
  Box face;     // to be kept free of text

  bool has(int joint, double min_score) const {
    const io::Keypoint& k = instance->keypoints[joint];
    return k.score >= min_score && std::isfinite(k.x) && std::isfinite(k.y);
  }
};

Box face_of(const Person& person, const JointSet* joints, const View& view, double min_score) {
  std::vector<Point> head;
  const auto count = joints ? person.instance->keypoints.size() : 0;
  for (std::size_t j = 0; j < count; ++j) {
    if (!is_head(joints->joints[j]) || !person.has(static_cast<int>(j), min_score)) continue;
    head.push_back(view(Point{person.instance->keypoints[j].x, person.instance->keypoints[j].y}));
  }
  const Box& box = person.box;
  const auto seen = bounds_of(head, [](Point) { return true; });
  // Without head joints, assume an upright person: the upper 16 %, 60 % of the width.
  if (!seen) return {box.x + 0.2 * box.w, box.y, 0.6 * box.w, 0.16 * box.h};
  const double around = std::max(0.045 * std::max(box.w, box.h), 0.3 * seen->w);
  return {seen->x - around, seen->y - around, seen->w + 2 * around, seen->h + 2 * around};
}

double certainty(double score, double min_score) {
  const double span = std::max(kCertain - min_score, 1e-6);
  return std::clamp((score - min_score) / span, 0.0, 1.0);
}

void draw_box(Canvas& canvas, const Person& person) {
  const Colour colour = person_colour(person.colour);
  const Box& box = person.box;
  const double width = std::max(1.0, 0.5 * person.limb), corner = 2 * person.limb;
  canvas.outline(box, corner, width + std::max(1.0, 0.6 * width), kInk.faded(0.35));
  canvas.outline(box, corner, width, colour.faded(0.85));
}

struct Limb {
  Point from, to;  // canvas pixels
  double score;    // of the less certain end
  Side side;
  double width = 1;  // relative to an arm
};

int neck_of(const JointSet& joints) {
  for (const char* name : {"head_bottom", "neck", "thorax"}) {
    if (const int index = joints.index(name); index >= 0) return index;
  }
  return -1;
}

std::vector<Limb> limbs_of(const Person& person, const JointSet& joints, const View& view,
                           double min_score) {
  const auto& points = person.instance->keypoints;
  const auto seen = [&](int j) { return j >= 0 && person.has(j, min_score); };
  const auto at = [&](int j) { return view(Point{points[j].x, points[j].y}); };
  std::vector<Limb> limbs;
  for (const auto& [a, b] : joints.limbs) {
    if (!seen(a) || !seen(b)) continue;
    limbs.push_back({at(a), at(b), std::min(points[a].score, points[b].score),
                     side_of(side_of(joints.joints[a]), side_of(joints.joints[b])),
                     line_width(joints.joints[a], joints.joints[b])});
  }
  const int left = joints.index("left_shoulder"), right = joints.index("right_shoulder");
  const int nose = joints.index("nose"), neck = neck_of(joints);
  const int top = joints.index("head_top");
  if (seen(neck) && seen(top) && !seen(nose)) {
    limbs.push_back(
        {at(neck), at(top), std::min(points[neck].score, points[top].score), Side::kMiddle});
  }
  // Without a neck, use the line between the shoulders and its middle.
  if (seen(neck) || !seen(left) || !seen(right)) return limbs;
  const double score = std::min(points[left].score, points[right].score);
  const Point a = at(left), b = at(right), middle{(a.x + b.x) / 2, (a.y + b.y) / 2};
  limbs.push_back({a, b, score, Side::kMiddle});
  if (seen(nose)) {
    limbs.push_back({at(nose), middle, std::min(score, points[nose].score), Side::kMiddle});
  }
  return limbs;
}

void draw_skeleton(Canvas& canvas, const Person& person, const JointSet& joints, const View& view,
                   double min_score) {
  const double edge = std::max(0.6, 0.28 * person.limb);
  const auto limbs = limbs_of(person, joints, view, min_score);
  for (const bool outline : {true, false}) {
    for (const Limb& limb : limbs) {
      const double sure = certainty(limb.score, min_score);
      const double width = person.limb * limb.width * (0.6 + 0.4 * sure),
                   opacity = 0.35 + 0.65 * sure;
      if (outline) {
        canvas.line(limb.from, limb.to, width + 2 * edge, kInk.faded(0.6 * opacity));
      } else {
        const Colour colour = side_colour(limb.side, person.colour);
        canvas.line(limb.from, limb.to, width, colour.faded(opacity));
      }
    }
  }
  for (int j = 0; j < joints.size(); ++j) {
    if (!person.has(j, min_score)) continue;
    const io::Keypoint& k = person.instance->keypoints[j];
    const double sure = certainty(k.score, min_score);
    const double radius = person.limb * dot_size(joints.joints[j]) * (0.7 + 0.3 * sure);
    const Colour colour = side_colour(side_of(joints.joints[j]), person.colour);
    const Point centre = view(Point{k.x, k.y});
    canvas.disc(centre, radius + edge, kInk.faded(0.5 + 0.5 * sure));
    canvas.disc(centre, radius, colour.towards(kPaper, 0.25).faded(0.5 + 0.5 * sure));
  }
}

void draw_person_labels(Canvas& canvas, const std::vector<Person>& people,
                        const std::vector<Box>& keep_free) {
  std::vector<LabelWish> wishes;
  std::vector<std::string> texts;
  std::vector<double> sizes;
  for (const Person& person : people) {
    const io::Instance& one = *person.instance;
    std::string text = fmt::format("{:.2f}", one.score);
    if (one.track) text = fmt::format("{}  {}", *one.track, text);
    const double largest = 0.9 * text_size(canvas.size());
    const double size =
        std::clamp(0.16 * std::sqrt(person.box.area()), std::min(9.0, largest), largest);
    // A label as high as a fifth of the person hides too much.
    const bool worth = person.box.h > 5 * size;
    wishes.push_back(
        {person.box, worth ? canvas.text_width(text, size) + 0.8 * size : HUGE_VAL, 1.4 * size});
    texts.push_back(std::move(text));
    sizes.push_back(size);
  }
  const auto places = place_labels(wishes, keep_free, canvas.size());
  for (std::size_t i = 0; i < people.size(); ++i) {
    if (!places[i]) continue;
    const Box& place = *places[i];
    const Colour colour = person_colour(people[i].colour);
    canvas.panel(place, 0.3 * place.h, colour.faded(0.9));
    canvas.text({place.x + 0.4 * sizes[i], place.y + place.h / 2}, texts[i], sizes[i],
                colour.luma() > 0.45 ? kInk : kPaper);
  }
}

// The frame's label, placed first and drawn last.
struct CornerLabel {
  CornerLabel(Canvas& canvas, std::string text_, const std::vector<Box>& faces)
      : text(std::move(text_)), size(text_size(canvas.size())) {
    if (text.empty()) return;
    size *= std::min(1.0, 0.9 * canvas.size().width / canvas.text_width(text, size));
    place = place_corner_label(canvas.text_width(text, size) + size, 1.6 * size, 0.6 * size, faces,
                               canvas.size());
  }

  void draw(Canvas& canvas) const {
    if (text.empty()) return;
    canvas.panel(place, 0.3 * place.h, kInk.faded(0.72));
    canvas.text({place.x + 0.5 * size, place.y + place.h / 2}, text, size, kPaper);
  }

  std::string text;
  double size;
  Box place;
};

bool touches_any(const Box& place, const std::vector<Box>& others) {
  return std::ranges::any_of(others, [&](const Box& b) { return intersection(place, b) > 0; });
}

bool inside(const Box& b, Size canvas) {
  return b.x >= 0 && b.y >= 0 && b.x + b.w <= canvas.width && b.y + b.h <= canvas.height;
}

}  // namespace

View View::fitting(Size frame, Size canvas, double pixel_aspect) {
  const double scale = std::min(canvas.width / (frame.width * pixel_aspect),
                                static_cast<double>(canvas.height) / frame.height);
  const double scale_x = scale * pixel_aspect;
  return {scale_x, scale, (canvas.width - scale_x * frame.width) / 2,
          (canvas.height - scale * frame.height) / 2};
}

double limb_width(double person_size, Size canvas) {
  const double width = 0.0095 * std::sqrt(person_size * shorter_side(canvas));
  return std::max(1.0, std::min(width, 0.03 * person_size));
}

void draw_overlay(Canvas& canvas, const io::FrameRecord& record, const JointSet* joints,
                  std::span<const int> colours, const View& view, const OverlayStyle& style,
                  const std::string& label) {
  std::vector<Person> people;
  std::vector<Box> faces;
  for (std::size_t i = 0; i < record.instances.size(); ++i) {
    const io::Instance& one = record.instances[i];
    if (one.score < style.min_score || !usable(one.box)) continue;
    Person person{&one, colours[i], view(one.box), 0, {}};
    person.limb = limb_width(std::max(person.box.w, person.box.h), canvas.size());
    person.face =
        face_of(person, one.keypoints.empty() ? nullptr : joints, view, style.min_joint_score);
    people.push_back(person);
    faces.push_back(person.face);
  }
  std::ranges::stable_sort(people, {}, [](const Person& one) { return one.box.y + one.box.h; });
  for (const Person& person : people) draw_box(canvas, person);
  for (const Person& person : people) {
    if (!joints || person.instance->keypoints.empty()) continue;
    draw_skeleton(canvas, person, *joints, view, style.min_joint_score);
  }
  const CornerLabel corner(canvas, label, faces);
  faces.push_back(corner.place);
  std::reverse(people.begin(), people.end());  // those in front choose first
  if (style.labels) draw_person_labels(canvas, people, faces);
  corner.draw(canvas);
}

std::vector<std::optional<Box>> place_labels(const std::vector<LabelWish>& wishes,
                                             const std::vector<Box>& keep_free, Size canvas) {
  std::vector<std::optional<Box>> places;
  std::vector<Box> taken;
  for (const LabelWish& wish : wishes) {
    const Box& p = wish.person;
    const double w = wish.width, h = wish.height;
    const double right = p.x + p.w - w, middle = p.x + (p.w - w) / 2, bottom = p.y + p.h;
    const double left = w > p.w ? middle : p.x;
    const std::array<Box, 7> candidates = {
        Box{left, p.y - h, w, h},      Box{right, p.y - h, w, h},  // above
        Box{left, bottom, w, h},       Box{right, bottom, w, h},   // below
        Box{middle, bottom - h, w, h},                             // at the feet
        Box{p.x + p.w, p.y, w, h},     Box{p.x - w, p.y, w, h}};   // beside
    std::optional<Box> place;
    for (Box candidate : candidates) {
      // The label stays inside the picture horizontally, even if its box does not.
      candidate.x = std::clamp(candidate.x, 0.0, std::max(0.0, canvas.width - w));
      if (!inside(candidate, canvas) || touches_any(candidate, keep_free) ||
          touches_any(candidate, taken)) {
        continue;
      }
      place = candidate;
      taken.push_back(candidate);
      break;
    }
    places.push_back(place);
  }
  return places;
}

Box place_corner_label(double width, double height, double margin, const std::vector<Box>& faces,
                       Size canvas) {
  const double right = canvas.width - margin - width, bottom = canvas.height - margin - height;
  const std::array<Box, 4> corners = {
      Box{margin, bottom, width, height}, Box{right, bottom, width, height},
      Box{margin, margin, width, height}, Box{right, margin, width, height}};
  for (const Box& corner : corners) {
    if (!touches_any(corner, faces)) return corner;
  }
  return corners[0];
}

void draw_missing(Canvas& canvas, const std::string& label) {
  const Size size = canvas.size();
  canvas.panel({0, 0, static_cast<double>(size.width), static_cast<double>(size.height)}, 0,
               Colour::of_hex(0x808080));
  const double text = 3 * text_size(size);
  canvas.text({(size.width - canvas.text_width("missing", text)) / 2, size.height / 2.0}, "missing",
              text, kPaper);
  CornerLabel(canvas, label, {}).draw(canvas);
}

std::string frame_label(const Frame& frame) {
  const auto hundredths = static_cast<std::int64_t>(std::llround(frame.time * 100));
  const auto seconds = hundredths / 100;
  const std::string minutes = seconds >= 3600
                                  ? fmt::format("{}:{:02}", seconds / 3600, seconds / 60 % 60)
                                  : fmt::format("{}", seconds / 60);
  return fmt::format("frame {}   {}:{:02}.{:02}{}", frame.index, minutes, seconds % 60,
                     hundredths % 100, frame.damaged ? "   damaged" : "");
}

}  // namespace vremd::draw
