#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Every citation of METHOD.md and SCORING.md ("METHOD 5.2", "METHOD 9, 10.2 and 12", "SCORING,
# appendix D") has its heading in lib/model/METHOD.md or lib/eval/SCORING.md, and every other cited
# document is in the repository.
work=$(mktemp -d); trap 'rm -rf $work' EXIT

# check TREE LEAST: prints a line for each broken citation, else the number of citations. Fails if one
# is broken or either document has fewer than LEAST citations.
check() {
  (cd $1 && find lib tools cuda tests man bench examples models *.md \
    \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' -o -name '*.sh' -o -name '*.py' \
       -o -name '*.scd' -o -name '*.in' -o -name '*.md' -o -name CMakeLists.txt \) \
    -type f ! -path tests/cli/citations.sh 2> /dev/null | sort | perl -e '
    use strict; use warnings;
    my $least = shift;
    my %documents = (METHOD => "lib/model/METHOD.md", SCORING => "lib/eval/SCORING.md");
    my ($bad, %headings, %count) = (0);
    sub text_of { open my $in, "<", $_[0] or die "$_[0]: $!\n"; local $/; return scalar <$in>; }
    sub complain {  # FILE TEXT OFFSET MESSAGE
      my ($file, $text, $offset, $message) = @_;
      my $line = 1 + (substr($text, 0, $offset) =~ tr/\n//);
      print "$file:$line: $message\n";
      ++$bad;
    }
    for my $name (sort keys %documents) {
      my $text = text_of($documents{$name});
      while ($text =~ /^#+ (\d+[a-z]?(?:\.\d+)*) \S/mg) { $headings{"$name $1"} = 1; }
      while ($text =~ /^#+ Appendix ([A-Z]): \S/mg) { $headings{"$name, appendix $1"} = 1; }
    }
    # Between two words: a space, or a line break and the start of the next comment line.
    my $gap = qr/(?:[ ]|[ ]?\n[ ]*(?:\/\/|\#)?[ ]*)/;
    my $number = qr/\d+[a-z]?(?:\.\d+)*(?![\w])/;
    my $more = qr/(?:,$gap(?:and$gap)?|$gap(?:and|to)$gap)/;
    my $others = qr/EVAL|CLI|PERF|LAYOUT|WEIGHTS|STYLE|REVIEW/;
    chomp(my @files = <STDIN>);
    my %markdown = map { m{([^/]+\.md)\z} ? ($1 => 1) : () } @files;
    for my $file (@files) {
      my $text = text_of($file);
      my ($own) = grep { $documents{$_} eq $file } keys %documents;
      while ($text =~ /(?<![\w"])(METHOD|SCORING)\b(?!\.md)/g) {
        my ($name, $start, $cited) = ($1, $-[0], 0);
        if ($text =~ /\G$gap($number(?:$more$number)*)/gc) {
          for my $section ($1 =~ /$number/g) {
            $cited = 1;
            ++$count{$name};
            complain($file, $text, $start, "no section $name $section") unless $headings{"$name $section"};
          }
        }
        if ($text =~ /\G,${gap}appendix$gap([A-Z])\b/gc) {
          $cited = 1;
          ++$count{$name};
          complain($file, $text, $start, "no $name, appendix $1") unless $headings{"$name, appendix $1"};
        }
        complain($file, $text, $start, "$name is cited without a section") unless $cited;
      }
      if ($own) {  # its references to itself
        while ($text =~ /\b(?:sections?|appendix)$gap($number(?:$more$number)*|[A-Z]\b)/gi) {
          my ($start, $all) = ($-[0], $1);
          for my $section ($all =~ /$number|[A-Z]/g) {
            my $key = $section =~ /[A-Z]/ ? "$own, appendix $section" : "$own $section";
            complain($file, $text, $start, "no section $section") unless $headings{$key};
          }
        }
      }
      # In code these words are always citations, in prose only before a section or punctuation.
      my $page = $file =~ /\.(?:md|scd|in)\z/;
      my $ends = qr/(?=\.md|[,;:)]|[ ]\d|,?[ ]appendix)/;
      while ($text =~ ($page ? qr/(?<![\w*])($others)\b$ends/ : qr/(?<!\w)($others)(?!\w)/)) {
        complain($file, $text, $-[0], "$1 is no document of this repository");
        substr($text, $-[0], 1) = "_";
      }
      while ($text =~ m{(?<![\w/.:-])(?:[\w-]+/)*([\w-]+\.md)\b}g) {
        complain($file, $text, $-[0], "no file $1") unless $markdown{$1};
      }
    }
    for my $name (sort keys %documents) {
      next if ($count{$name} // 0) >= $least;
      print "only ", $count{$name} // 0, " citations of $name\n";
      ++$bad;
    }
    print "METHOD $count{METHOD}, SCORING $count{SCORING}\n" unless $bad;
    exit($bad > 0);
  ' $2)
}

check $SOURCE_DIR 40

# The check fails on a tree with every kind of mistake and on one without citations.
mkdir -p $work/{lib/{model,eval},tools,cuda,tests,man,bench,examples,models}
cp $SOURCE_DIR/lib/model/METHOD.md $work/lib/model
cp $SOURCE_DIR/lib/eval/SCORING.md $work/lib/eval
touch $work/models/vremd-light.md $work/bench/ablations.md
cat > $work/lib/good.h << 'END'
// As METHOD 5.2, 7; METHOD 9, 10.2 and 12; SCORING 8b; SCORING 1 to 6; SCORING, appendix D; METHOD
// 6.2; SCORING 2.2, appendix D; vremd-records(5).
END
check $work 1 > $work/out
sed -i 's/^## 8b .*/## PCK/' $work/lib/eval/SCORING.md
cat > $work/lib/bad.cpp << 'END'
// METHOD 5.9.
// METHOD 9, 10.2 and 99
// (SCORING, appendix Z), METHOD
// 77
// see METHOD for this
// (EVAL 4.1), EVAL,
// PERF
END
printf 'See the LAYOUT, and GONE.md.\n# WEIGHTS\n\n*WEIGHTS* below.\n' > $work/man/page.scd
status=0; check $work 1 > $work/out || status=$?
test $status -eq 1
diff <(grep -v 'lib/eval/SCORING.md' $work/out) - << 'END'
lib/bad.cpp:1: no section METHOD 5.9
lib/bad.cpp:2: no section METHOD 99
lib/bad.cpp:3: no SCORING, appendix Z
lib/bad.cpp:3: no section METHOD 77
lib/bad.cpp:5: METHOD is cited without a section
lib/bad.cpp:6: EVAL is no document of this repository
lib/bad.cpp:6: EVAL is no document of this repository
lib/bad.cpp:7: PERF is no document of this repository
lib/good.h:1: no section SCORING 8b
man/page.scd:1: LAYOUT is no document of this repository
man/page.scd:1: no file GONE.md
END
grep -q 'lib/eval/SCORING.md:.*: no section 8b' $work/out

rm $work/lib/*.h $work/lib/*.cpp $work/man/*
status=0; check $work 20 > $work/out || status=$?
test $status -eq 1
grep -q '^only .* citations of SCORING' $work/out
