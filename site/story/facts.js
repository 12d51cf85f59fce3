// What was measured of the weights of ten classes, as the documents have it: a test
// compares the two (site/assemble, TestFacts).

/** Times of training in hours, on two cores; accuracies from 0 to 1, on that many held-out images. */
export const FACTS = {
  weights: 'nette', // their id, in assets/weights.json
  supernetHours: 4.5, // docs/results.md
  aloneHours: 0.5, // the smallest child by itself
  aloneTop1: 0.861, // the smallest child by itself, calibrated
  sliceTop1: 0.892, // the same child of the supernet, calibrated
  inheritedTop1: 0.112, // the same child with the statistics of the biggest: docs/statistics.md
  earlySliceTop1: 0.607, // both in an experiment of so many epochs on 4,000 images
  earlyAloneTop1: 0.664,
  earlyEpochs: 8,
  images: 941,
  runs: ['nette', 'nette-strong', 'nette-192'], // tables of losses in assets/training, each run from the weights of the one before
};
