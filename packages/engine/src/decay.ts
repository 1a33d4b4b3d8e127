/**
 * floor(2^30 * 2^(-i/64)): one half-life in 64 steps. Written out, because Math.pow may differ in
 * the last bit between machines and the same log must give the same bytes everywhere.
 */
const table: readonly number[] = [
  1_073_741_824, 1_062_175_491, 1_050_733_750, 1_039_415_260, 1_028_218_693, 1_017_142_735,
  1_006_186_086, 995_347_463, 984_625_593, 974_019_220, 963_527_097, 953_147_996, 942_880_699,
  932_724_000, 922_676_709, 912_737_648, 902_905_650, 893_179_562, 883_558_244, 874_040_566,
  864_625_413, 855_311_679, 846_098_273, 836_984_114, 827_968_132, 819_049_270, 810_226_482,
  801_498_733, 792_864_999, 784_324_268, 775_875_537, 767_517_816, 759_250_124, 751_071_492,
  742_980_960, 734_977_579, 727_060_410, 719_228_525, 711_481_005, 703_816_941, 696_235_434,
  688_735_595, 681_316_544, 673_977_411, 666_717_336, 659_535_465, 652_430_958, 645_402_980,
  638_450_708, 631_573_325, 624_770_026, 618_040_011, 611_382_492, 604_796_688, 598_281_826,
  591_837_142, 585_461_880, 579_155_293, 572_916_640, 566_745_189, 560_640_217, 554_601_008,
  548_626_854, 542_717_052,
];

const stepsPerHalfLife = 64;
/** 30 half-lives: nothing of 2^30 is left. */
const stepsMax = 30 * stepsPerHalfLife;

/** What is left of whole points after `ageMs`, cut toward zero. A negative age is no age. */
export function decayed(points: number, ageMs: number, halfLifeMs: number): number {
  if (ageMs <= 0 || points === 0) return points;
  const step = Math.floor((ageMs * stepsPerHalfLife) / halfLifeMs);
  if (step >= stepsMax) return 0;
  const fraction = (table[step % stepsPerHalfLife] ?? 0) >> Math.floor(step / stepsPerHalfLife);
  const left = Math.trunc((points * fraction) / 2 ** 30);
  return left === 0 ? 0 : left;
}
