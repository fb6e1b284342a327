// Writes data/amplifier.csv, on which amplifier.yaml trains: a plucked string at 48 kHz, and what the formula of an amplifier makes of it.
// Usage: dotnet run examples/amplifier.cs [-- SECONDS FILE], which are 10 and data/amplifier.csv next to this file if they are left out.
#:property RestorePackagesWithLockFile=false
using System.Globalization;
using System.Runtime.CompilerServices;

const int Rate = 48_000;
const double Lowpass = 6_000, Highpass = 80; // Hz
const double ChargeTime = 0.002, DischargeTime = 0.04; // seconds

double seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 10;
string path = args.Length > 1 ? args[1] : Path.Combine(Here(), "data", "amplifier.csv");
double[] pitches = [82.41, 110, 146.83, 196, 246.94, 329.63]; // of a guitar's strings, Hz
var random = new Random(1);
double[] period = [];
double bias = 0, low = 0, high = 0;

using var file = new StreamWriter(path);
file.WriteLine("dry,wet");
for (int t = 0, at = 0; t < seconds * Rate; t++)
{
    // Four notes a second, as Karplus and Strong (1983) make them: noise that is averaged each time it comes round.
    if (t % (Rate / 4) == 0)
        (period, at) = (Pluck(), 0);
    int next = (at + 1) % period.Length;
    double dry = period[at];
    period[at] = 0.498 * (period[at] + period[next]);
    at = next;

    // A capacitor, which is charged while the grid is positive and discharged all the time, moves the working point: the memory.
    double grid = 4 * dry - bias;
    bias += (Math.Max(grid, 0) / ChargeTime - bias / DischargeTime) / Rate;
    double plate = grid > 0 ? Math.Tanh(grid) : Math.Tanh(0.6 * grid) / 0.6;
    low += (plate - low) * (1 - Math.Exp(-2 * Math.PI * Lowpass / Rate));
    high += (low - high) * (1 - Math.Exp(-2 * Math.PI * Highpass / Rate));
    file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{dry:f5},{(low - high) / 2:f5}"));
}

Console.WriteLine($"wrote {seconds} s to {path}");

double[] Pluck()
{
    double pitch = pitches[random.Next(pitches.Length)] * Math.Pow(2, random.Next(8) / 12.0);
    double loudness = 0.1 + 0.9 * random.NextDouble();
    double[] noise = [.. Enumerable.Range(0, (int)(Rate / pitch)).Select(_ => 2 * random.NextDouble() - 1)];
    for (int pass = 0; pass < 24; pass++)
        for (int i = 0; i < noise.Length; i++)
            noise[i] = (noise[i] + noise[(i + 1) % noise.Length]) / 2;
    double peak = noise.Max(Math.Abs);
    return [.. noise.Select(value => loudness * value / peak)];
}

static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
