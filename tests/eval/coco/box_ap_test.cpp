// SPDX-License-Identifier: Apache-2.0
// The expected numbers are from pycocotools 2.0 for the same boxes; equality is exact.
#include "eval/coco/coco_ap.h"

#include <catch2/catch_test_macros.hpp>

using namespace vremd;
using namespace vremd::eval;

namespace {

constexpr double kNone = -1;  // no true box of that kind

using Values = std::vector<double>;

TrueBox truth(Box box, double area, bool crowd = false) { return {box, area, crowd}; }

}  // namespace

TEST_CASE("box AP: sizes, a crowd, near misses") {
  const std::vector<BoxImage> images = {
      {{truth({10, 10, 40, 80}, 3200), truth({100, 20, 20, 30}, 600),
        truth({200, 0, 150, 200}, 30000), truth({400, 0, 300, 100}, 30000, true)},
       {{{12, 11, 40, 78}, .9},
        {{101, 22, 20, 30}, .8},
        {{205, 10, 150, 180}, .7},
        {{420, 10, 30, 60}, .95},
        {{500, 20, 20, 20}, .6},
        {{60, 60, 30, 60}, .75}}},
      {{truth({0, 0, 50, 100}, 4000), truth({60, 0, 50, 100}, 1024)},
       {{{5, 0, 50, 100}, .85}, {{0, 0, 50, 90}, .65}, {{70, 5, 50, 100}, .5}}},
      {{}, {{{0, 0, 10, 10}, .55}}}};
  CHECK(box_ap(images).values ==
        Values{0.57788778877887781, 0.88613861386138615, 0.76237623762376239, 0.40198019801980195,
               0.58336633663366333, 0.69999999999999984, 0.14000000000000001, 0.66000000000000003,
               0.66000000000000003, 0.45000000000000001, 0.66666666666666663, 0.69999999999999996});
}

TEST_CASE("box AP: equal scores keep the order of images and of detections") {
  std::vector<BoxImage> images = {
      {{truth({0, 0, 50, 50}, 2500), truth({100, 0, 50, 50}, 2500)},
       {{{0, 0, 50, 40}, .5}, {{0, 0, 50, 50}, .5}, {{300, 0, 50, 50}, .5}}},
      {{truth({0, 0, 50, 50}, 2500)}, {{{100, 100, 50, 50}, .5}, {{0, 0, 50, 50}, .5}}}};
  CHECK(box_ap(images).values == Values{0.41683168316831681, 0.46732673267326735,
                                        0.46732673267326735, kNone, 0.41683168316831681, kNone,
                                        0.23333333333333331, 0.66666666666666674,
                                        0.66666666666666674, kNone, 0.66666666666666674, kNone});
  std::swap(images[0], images[1]);
  CHECK(box_ap(images).values == Values{0.40907590759075907, 0.44224422442244221,
                                        0.44224422442244221, kNone, 0.40907590759075907, kNone,
                                        0.23333333333333331, 0.66666666666666674,
                                        0.66666666666666674, kNone, 0.66666666666666674, kNone});
}

TEST_CASE("box AP: only the best hundred of an image count") {
  BoxImage image{{truth({0, 0, 50, 50}, 2500), truth({1000, 0, 50, 50}, 2500)},
                 {{{0, 0, 50, 45}, .9}}};
  for (int i = 0; i < 99; ++i) image.detections.push_back({{100.0 + i, 200, 20, 20}, .8});
  image.detections.push_back({{1000, 0, 50, 50}, .1});
  CHECK(box_ap({{image}}).values == Values{0.45445544554455436, 0.50495049504950484,
                                           0.50495049504950484, kNone, 0.45445544554455436, kNone,
                                           0.45000000000000001, 0.45000000000000001,
                                           0.45000000000000001, kNone, 0.45000000000000001, kNone});
}

TEST_CASE("box AP: nothing to find, nothing found") {
  const Values none{kNone, kNone, kNone, kNone, kNone, kNone,
                    kNone, kNone, kNone, kNone, kNone, kNone};
  const BoxImage only_truth{{truth({0, 0, 50, 50}, 2500)}, {}};
  CHECK(box_ap({{only_truth}}).values ==
        Values{0, 0, 0, kNone, 0, kNone, 0, 0, 0, kNone, 0, kNone});
  const BoxImage only_detection{{}, {{{0, 0, 10, 10}, .55}}};
  CHECK(box_ap({{only_detection}}).values == none);
  const BoxImage crowd{{truth({0, 0, 50, 50}, 2500, true)}, {{{0, 0, 50, 50}, .5}}};
  CHECK(box_ap({{crowd}}).values == none);
  CHECK(box_ap({}).values == none);
}

TEST_CASE("box AP: an IoU on a threshold matches, an area on a limit is in both ranges") {
  const BoxImage image{{truth({0, 0, 32, 32}, 1024), truth({100, 0, 96, 96}, 9216)},
                       {{{0, 0, 32, 16}, .9}, {{100, 0, 96, 91.2}, .8}, {{300, 0, 32, 32}, .7}}};
  CHECK(box_ap({{image}}).values ==
        Values{0.32722772277227724, 1, 0.25247524752475248, 0.099999999999999992,
               0.5544554455445545, 0.99999999999999978, 0.050000000000000003, 0.55000000000000004,
               0.55000000000000004, 0.10000000000000001, 0.55000000000000004, 1});
}

TEST_CASE("box AP is printed as cocoapi prints it") {
  CocoScores ap = box_ap({});
  for (int i = 0; i < 12; ++i) ap.values[i] = i / 100.0;
  ap.values[3] = kNone;
  CHECK(ap.text() ==
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.000\n"
        " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.010\n"
        " Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets=100 ] = 0.020\n"
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = -1.000\n"
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = 0.040\n"
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = 0.050\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 0.060\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 10 ] = 0.070\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.080\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 0.090\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = 0.100\n"
        " Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = 0.110\n");
}
