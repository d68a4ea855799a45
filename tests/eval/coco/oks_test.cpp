// SPDX-License-Identifier: Apache-2.0
// Expected scores are those of pycocotools and xtcocotools (SCORING 8); equality is exact.
#include "eval/coco/oks.h"

#include "core/error.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cmath>
#include <span>

using namespace vremd;
using namespace vremd::eval;

namespace {

constexpr double kNone = -1;  // no person of that kind

const OksConfig kCocoapi{OksKit::kCocoapi, {.1, .1}, true};
const OksConfig kXtcoco{OksKit::kXtcoco, {.1, .1}, true};

constexpr double kFirst = 1 / (1 + 0x1p-52);  // the precision of a first detection that is right

// Two keypoints, the second one at x.
std::vector<double> points(double x, double v = 2) { return {x - 40, 0, v, x, 0, v}; }

OksTruth truth(std::int64_t id, double x = 40, double area = 2500) {
  return {id, points(x), {0, 0, 50, 50}, area, false, 2};
}

OksDetection detection(double x, double score, double area = 2500) {
  return {points(x), score, area};
}

CocoScores score(const std::vector<OksImage>& images, const OksConfig& config) {
  return oks_ap(std::array{images}, config);
}

}  // namespace

TEST_CASE("OKS: the mean over the labelled keypoints") {
  OksTruth person = truth(1);
  const double far = std::exp(-(100 / (.2 * .2) / (2500 + 0x1p-52) / 2));
  CHECK(oks(detection(50, 1), person, kCocoapi) == far);
  OksDetection half = detection(40, 1);
  half.keypoints[3] += 10;
  CHECK(oks(half, person, kCocoapi) == (1 + far) / 2);
  person.keypoints[5] = 0;  // v of the second
  CHECK(oks(half, person, kCocoapi) == 1);
}

TEST_CASE("OKS: without labels, the distance of keypoints from the tripled box") {
  OksTruth person = truth(1);
  person.keypoints = points(0, 0);
  person.box = {100, 0, 50, 50};
  CHECK(oks({{50, -50, 1, 200, 100, 1}, 1, 0}, person, kCocoapi) == 1);
  const double outside = std::exp(-(100 / (.2 * .2) / (2500 + 0x1p-52) / 2));
  CHECK(oks({{40, 0, 1, 200, 100, 1}, 1, 0}, person, kCocoapi) == (1 + outside) / 2);
  CHECK(oks({{50, 0, 1, 200, 110, 1}, 1, 0}, person, kCocoapi) == (1 + outside) / 2);
}

TEST_CASE("OKS: 0.53 of the box instead of areas") {
  OksConfig config = kXtcoco;
  config.use_area = false;
  const double area = 50.0 * 50.0 * 0.53;
  const double far = std::exp(-(100 / (.2 * .2) / (area + 0x1p-52) / 2));
  CHECK(oks(detection(50, 1), truth(1), config) == far);
  // 1325 instead of 10000: medium, not large
  const CocoScores ap = score({{{truth(1, 40, 10000)}, {detection(40, .9)}}}, config);
  CHECK(ap.values[3] == kFirst);
  CHECK(ap.values[4] == kNone);
}

TEST_CASE("OKS AP: a match with annotation 0 counts for xtcocotools, not for cocoapi") {
  for (const std::int64_t id : {0, 1}) {
    const std::vector<OksImage> images = {{{truth(id)}, {detection(40, .9)}}};
    CHECK(score(images, kCocoapi).values[0] == (id == 0 ? 0 : kFirst));
    CHECK(score(images, kXtcoco).values[0] == kFirst);
  }
  // The truth is still taken, and its detection counts only in its own range of areas.
  const std::vector<OksImage> images = {
      {{truth(0)}, {detection(40, .9, 20000), detection(40, .8, 2500)}}};
  CHECK(score(images, kCocoapi).values[3] == 0);
}

TEST_CASE("OKS AP: only xtcocotools counts labels and drops detections without any") {
  OksTruth person = truth(1);
  person.labelled = 0;  // though two keypoints are labelled
  const std::vector<OksImage> images = {{{person}, {detection(40, .9)}}};
  CHECK(score(images, kCocoapi).values[0] == kNone);
  CHECK(score(images, kXtcoco).values[0] == kFirst);

  OksDetection blank = detection(40, .9);
  blank.keypoints[2] = blank.keypoints[5] = 0;
  const std::vector<OksImage> blanks = {{{truth(1)}, {blank}}};
  CHECK(score(blanks, kCocoapi).values[0] == kFirst);
  CHECK(score(blanks, kXtcoco).values[0] == 0);
}

TEST_CASE("OKS AP: crowds and people without labels are ignored") {
  OksTruth crowd = truth(1);
  crowd.crowd = true;
  const std::vector<OksImage> only_crowd = {{{crowd}, {detection(40, .9)}}};
  CHECK(score(only_crowd, kCocoapi).values[0] == kNone);
  // A second detection of the crowd is also ignored; a second one of a person is wrong.
  OksTruth person = truth(2, 400, 2500);
  const std::vector<OksImage> images = {
      {{crowd, person}, {detection(40, .9), detection(40, .8), detection(400, .7)}}};
  CHECK(score(images, kCocoapi).values[0] == kFirst);
}

TEST_CASE("OKS AP: an ignored person matches once, and only a detection that matches nobody else") {
  OksTruth unlabelled = truth(1);
  unlabelled.labelled = 0;
  const OksTruth person = truth(2, 400);
  const auto precision = [&](const std::vector<OksDetection>& detections) {
    return score({{{unlabelled, person}, detections}}, kCocoapi).values[1];
  };
  CHECK(precision({detection(40, .9), detection(400, .7)}) > .99);
  CHECK(precision({detection(40, .9), detection(40, .8), detection(400, .7)}) < .6);
  // Nearer to the ignored person, but near enough to another.
  const std::vector<OksImage> images = {{{unlabelled, truth(2, 48)}, {detection(41, .9)}}};
  CHECK(score(images, kCocoapi).values[6] == 1);
}

TEST_CASE("OKS AP: only the best twenty detections of an image count") {
  OksImage image{{truth(1)}, {}};
  for (int i = 0; i < 20; ++i) image.detections.push_back(detection(4000 + i, .5));
  image.detections.push_back(detection(40, .4));
  CHECK(score({image}, kCocoapi).values[5] == 0);
  image.detections.back().score = .6;
  CHECK(score({image}, kCocoapi).values[5] == 1);
}

TEST_CASE("OKS AP: an area on a limit is in both ranges") {
  const std::vector<OksImage> images = {{{truth(1, 40, 9216)}, {detection(40, .9)}}};
  const CocoScores ap = score(images, kCocoapi);
  CHECK(ap.values[3] == kFirst);
  CHECK(ap.values[4] == kFirst);
  const std::vector<OksImage> small = {{{truth(1, 40, 1023)}, {detection(40, .9)}}};
  CHECK(score(small, kCocoapi).values[0] == kFirst);
  CHECK(score(small, kCocoapi).values[3] == kNone);
}

TEST_CASE("OKS AP: equal scores keep the order of the images") {
  std::vector<OksImage> images = {{{truth(1)}, {detection(4000, .5)}},
                                  {{truth(2)}, {detection(40, .5)}}};
  // Half the recall: 51 of 101 points, each 1/2 after a wrong detection.
  CHECK(score(images, kCocoapi).values[1] == 51 * (1 / (2 + 0x1p-52)) / 101);
  std::swap(images[0], images[1]);
  CHECK(score(images, kCocoapi).values[1] == 51 * kFirst / 101);

  // Also with enough of them to expose an unstable sort.
  std::vector<OksImage> equal, falling;
  for (int i = 0; i < 50; ++i) {
    const double x = i % 3 == 0 ? 4000 : 40;
    equal.push_back({{truth(i + 1)}, {detection(x, .5)}});
    falling.push_back({{truth(i + 1)}, {detection(x, .5 - i / 1000.0)}});
  }
  CHECK(score(equal, kCocoapi).values == score(falling, kCocoapi).values);
}

TEST_CASE("OKS AP: the mean over the categories that have people") {
  const std::vector<std::vector<OksImage>> categories = {
      {{{truth(1)}, {detection(40, .5)}}}, {{{}, {detection(40, .5)}}}, {{{truth(2)}, {}}}};
  CHECK(oks_ap(categories, kCocoapi).values[5] == .5);
  CHECK(oks_ap(std::span<const std::vector<OksImage>>(), kCocoapi).values[0] == kNone);
}

TEST_CASE("OKS sigmas by name") {
  // 0.26 / 10 is not 0.026.
  CHECK(oks_sigmas("coco17", 17)[0] == .26 / 10);
  CHECK(oks_sigmas("posetrack", 17)[0] == .026);
  CHECK(oks_sigmas("coco17", 17)[0] != oks_sigmas("posetrack", 17)[0]);
  CHECK(oks_sigmas("coco17", 17)[16] == .89 / 10);
  const std::vector<double> full = oks_sigmas("posetrack-pifpaf", 17);
  const std::vector<double> earless = oks_sigmas("posetrack-pifpaf", 15);
  CHECK(full[1] == .08);
  CHECK(full[2] == .06);
  CHECK(earless[2] == .06);
  CHECK(earless[3] == full[5]);
  CHECK(earless.size() == 15);
  CHECK(oks_sigmas("coco_wholebody133", 133)[132] == .031);
  CHECK_THROWS_AS(oks_sigmas("halpe26", 133), Error);
  CHECK_THROWS_AS(oks_sigmas("coco17", 15), Error);
  CHECK_THROWS_AS(oks_sigmas("coco", 17), Error);
}

TEST_CASE("OKS AP is printed as the kits print it") {
  CocoScores ap = score({}, kCocoapi);
  for (int i = 0; i < 10; ++i) ap.values[i] = i / 10.0;
  ap.values[4] = kNone;
  CHECK(ap.text() ==
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = 0.000\n"
        " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets= 20 ] = 0.100\n"
        " Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets= 20 ] = 0.200\n"
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets= 20 ] = 0.300\n"
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets= 20 ] = -1.000\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = 0.500\n"
        " Average Recall     (AR) @[ IoU=0.50      | area=   all | maxDets= 20 ] = 0.600\n"
        " Average Recall     (AR) @[ IoU=0.75      | area=   all | maxDets= 20 ] = 0.700\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets= 20 ] = 0.800\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets= 20 ] = 0.900\n");
  const std::string lines = ap.text(/*sign=*/true);
  CHECK(lines.find("area=   all | maxDets= 20 ] =  0.100\n") != std::string::npos);
  CHECK(lines.find("area= large | maxDets= 20 ] = -1.000\n") != std::string::npos);
}
