using System.Globalization;
using System.IO.Compression;
using System.Text;
using Apache.Arrow.Ipc;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Arrow;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Hdf5;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Parquet;
using Orleans.Tbptt.Data.Text;
using Orleans.Tbptt.Data.Text.Tokenizers;
using Orleans.Tbptt.Data.Tsf;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Data.Hdf5;
using Orleans.Tbptt.Tests.Data.Tables;
using Orleans.Tbptt.Tests.Data.Text;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>
/// Damaged files of every format: 2,000 mutations each of a good one, cut short, with flipped bits, absurd sizes, parts repeated or moved.
/// Each is read, or refused by a message that names the file; nothing else is thrown, and memory stays bounded. Alone in the process,
/// because they measure it.
/// </summary>
[Collection(nameof(LargeDataTests)), Slow]
public sealed class FormatFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const long Most = 400L << 20;

    // Another one is tried by TBPTT_FUZZ_SEED, and more by TBPTT_FUZZ_MUTATIONS.
    private static readonly int Seed = Setting("TBPTT_FUZZ_SEED", 20261128);
    private static readonly int Mutations = Setting("TBPTT_FUZZ_MUTATIONS", 2_000);

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("npy")]
    [InlineData("npz")]
    [InlineData("hdf5.old")]
    [InlineData("hdf5.latest")]
    [InlineData("csv")]
    [InlineData("csv.gz")]
    [InlineData("jsonl")]
    [InlineData("tsf")]
    [InlineData("arrow")]
    [InlineData("arrow.zstd")]
    [InlineData("parquet")]
    [InlineData("parquet.zstd")]
    [InlineData("characters")]
    [InlineData("words")]
    [InlineData("tokenizer")]
    public void DamagedFile_IsReadOrRefusedByName_InBoundedMemory(string format)
    {
        byte[] good = Good(format);
        var random = new Random(Seed);
        string path = _directory.File("x");
        int read = 0;
        long before = Resident("VmRSS:");
        if (OperatingSystem.IsLinux())
            File.WriteAllText("/proc/self/clear_refs", "5");
        long allocated = GC.GetTotalAllocatedBytes();
        for (int i = 0; i < Mutations; i++)
        {
            // What is measured is one file's memory, not the garbage of many.
            if (GC.GetTotalAllocatedBytes() - allocated > 100 << 20)
            {
                GC.Collect();
                allocated = GC.GetTotalAllocatedBytes();
            }

            byte[] damaged = Mutate(good, random);
            File.WriteAllBytes(path, damaged);
            try
            {
                using IDataSource source = Given.Open(Data(format, path));
                ReadAll(source);
                read++;
            }
            catch (SpecException refused)
            {
                Assert.All(refused.Problems, problem => Assert.True(
                    problem.Key != "data.source" || problem.ToString().Contains(path, StringComparison.Ordinal),
                    $"seed {Seed}, mutation {i}: {problem} does not name the file"));
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {Seed}, mutation {i} of {format}: {error}");
            }
        }

        output.WriteLine($"{format}, seed {Seed}: {read} of {Mutations} mutations read, the others refused; "
            + $"{(Resident("VmHWM:") - before) >> 20} MiB more at most");
        if (OperatingSystem.IsLinux())
            Assert.InRange(Resident("VmHWM:") - before, long.MinValue, Most);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    public void Bomb_IsRefused_InBoundedMemory(string format)
    {
        string path = _directory.File("x");
        using (var packed = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            packed.Write(format == "csv" ? "a,b\n1,\""u8 : "{\"a\": \""u8);
            var block = new byte[1 << 20];
            block.AsSpan().Fill((byte)'1');
            for (int i = 0; i < 300; i++)
                packed.Write(block);
        }

        long before = Resident("VmRSS:");
        if (OperatingSystem.IsLinux())
            File.WriteAllText("/proc/self/clear_refs", "5");

        Assert.Contains(path, Given.Problem(Data(format, path)), StringComparison.Ordinal);

        if (OperatingSystem.IsLinux())
            Assert.InRange(Resident("VmHWM:") - before, long.MinValue, 100L << 20);
    }

    private static int Setting(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int value) ? value : usual;

    private static void ReadAll(IDataSource source)
    {
        for (int i = 0; i < source.Training.Count; i++)
        {
            var slice = new SequenceSlice(i, 0, Math.Min(50, source.Training.Length(i)));
            if (source.Shape.HasTokens)
            {
                source.Training.ReadInputs(slice, new long[slice.Length]);
                source.Training.ReadTargets(slice, new long[slice.Length]);
                continue;
            }

            source.Training.ReadInputs(slice, new float[slice.Length * source.Shape.InputFeatures]);
            source.Training.ReadTargets(slice, new float[slice.Length * source.Shape.TargetFeatures]);
        }
    }

    private DataSpec Data(string format, string path) => new()
    {
        BatchSize = 1,
        Source = format.Split('.')[0] switch
        {
            "npy" => new NpySource { Files = [path, path] },
            "npz" => new NpzSource { Path = path },
            "hdf5" => new Hdf5Source { Path = path },
            "tokenizer" => new TokenSource { Glob = _directory.Write("text.txt", "a cat's  tail\n"), Tokenizer = path },
            "csv" => new CsvSource { Path = path },
            "jsonl" => new JsonLinesSource { Path = path },
            "tsf" => new TsfSource { Path = path },
            "characters" => new CharacterSource { Glob = path },
            "words" => new WordSource { Glob = path },
            "arrow" => new ArrowSource { Path = path },
            _ => new ParquetSource { Path = path },
        },
    };

    private byte[] Good(string format)
    {
        string path = _directory.File("good");
        switch (format)
        {
            case "npy":
                return NpyFiles.Of<float>("<f4", "2, 5, 1", [.. Enumerable.Range(0, 10).Select(i => (float)i)]);
            case "npz":
                using (var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create))
                {
                    foreach (string name in new[] { "inputs.npy", "targets.npy" })
                    {
                        using Stream entry = archive.CreateEntry(name).Open();
                        entry.Write(Good("npy"));
                    }
                }

                break;
            case "csv":
                return Encoding.UTF8.GetBytes("time,\"a, b\",c\n" + string.Concat(Enumerable.Range(0, 40)
                    .Select(i => string.Create(CultureInfo.InvariantCulture, $"2020-01-01 {i % 24:d2}:00,{i * 0.5},{i}\n"))));
            case "csv.gz":
                using (var packed = new GZipStream(File.Create(path), CompressionLevel.Optimal))
                    packed.Write(Good("csv"));
                break;
            case "jsonl":
                return Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 30)
                    .Select(i => $"{{\"a\": {i}, \"b\": \"x\\u00e9\", \"c\": -{i}e-1}}\n")));
            case "tsf":
                return Encoding.UTF8.GetBytes("@attribute series_name string\n@attribute start_timestamp date\n@frequency hourly\n@data\n"
                    + "T1:2020-01-01 00-00-00:1,2,3,4.5,?,7\nT2:2020-01-01 00-00-00:1,2,3,4\n");
            case "hdf5.old" or "hdf5.latest":
                return Hdf5Files.Unpack(format.Replace("hdf5.", "small-", StringComparison.Ordinal));
            case "tokenizer":
                return Encoding.UTF8.GetBytes(TokenizerFiles.Cat);
            case "characters" or "words":
                return Encoding.UTF8.GetBytes("Grüße an alle\r\n€ und 𝄞,\ta\u00a0b\n\nEnde");
            case "arrow":
                FormatFiles.Arrow(path, [FormatFiles.Numbers(0, 50), FormatFiles.Numbers(50, 50)]);
                break;
            case "arrow.zstd":
                FormatFiles.Arrow(path, [FormatFiles.Numbers(0, 50)], CompressionCodecType.Zstd);
                break;
            case "parquet":
                FormatFiles.Parquet(path, [FormatFiles.Numbers(0, 50), FormatFiles.Numbers(50, 50)]);
                break;
            default:
                FormatFiles.Parquet(path, [FormatFiles.Numbers(0, 50)], ParquetSharp.Compression.Zstd);
                break;
        }

        return File.ReadAllBytes(path);
    }

    internal static byte[] Mutate(byte[] good, Random random)
    {
        byte[] bytes = [.. good];
        switch (random.Next(6))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                for (int flips = random.Next(1, 5); flips > 0; flips--)
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 2:
                long absurd = random.Next(5) switch { 0 => -1, 1 => long.MaxValue, 2 => int.MaxValue, 3 => 1L << 40, _ => int.MinValue };
                byte[] number = BitConverter.GetBytes(absurd)[..(random.Next(2) == 0 ? 4 : 8)];
                number.CopyTo(bytes, random.Next(bytes.Length - number.Length));
                return bytes;
            case 3:
                int from = random.Next(bytes.Length), to = random.Next(from, bytes.Length);
                return [.. bytes[..to], .. bytes[from..]];
            case 4:
                int end = bytes.Length - 1 - random.Next(Math.Min(bytes.Length, 600));
                bytes[end] = (byte)random.Next(256);
                return bytes;
            default:
                int cut = random.Next(bytes.Length);
                return [.. bytes[..cut], .. bytes[Math.Min(bytes.Length, cut + random.Next(1, 40))..]];
        }
    }

    private static long Resident(string field)
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(field.Length, line.Length - field.Length - 2), NumberStyles.AllowLeadingWhite
            | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) << 10;
    }
}
