using System.Diagnostics;
using System.Text;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Specs;

/// <summary>Files that no person wrote: refused in one clear line, in little memory and time.</summary>
public sealed class HostileSpecFileTests : IDisposable
{
    private const long MostBytes = 64 << 20;

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("tbptt-spec").FullName, "run.yaml");

    public static TheoryData<string, Action<Stream>, string> Files => new()
    {
        { "100 MB of nothing", file => file.SetLength(100_000_000), "found more than 1,048,576 bytes" },
        { "100 MB of keys", file => Repeat(file, "key: value\n", 10_000_000), "found more than 1,048,576 bytes" },
        { "10,000 lists deep", file => Text(file, $"a: {new string('[', 10_000)}{new string(']', 10_000)}"),
            "found more than 16 levels of nesting" },
        { "10,000 sections deep", file => Text(file, string.Concat(Enumerable.Repeat("{a: ", 10_000))),
            "found more than 16 levels of nesting" },
        { "1,000 indents deep", file => Text(file, string.Concat(Enumerable.Range(0, 1000).Select(i => $"{new string(' ', i)}a:\n"))),
            "found more than 16 levels of nesting" },
        { "as JSON", file => Text(file, string.Concat(Enumerable.Repeat("{\"a\":", 10_000))), "found " },
        { "a billion laughs", file => Text(file, Laughs()), "found an anchor (&a)" },
        { "a NUL", file => Text(file, "name: a\0b\n"), "found the character U+0000" },
        { "no UTF-8", file => file.Write([(byte)'a', (byte)':', 0xc3, 0x28]), "found bytes that are not UTF-8 text" },
        { "UTF-16", file => file.Write(Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("name: a\n")).ToArray()),
            "found bytes that are not UTF-8 text" },
        { "a megabyte of quotes", file => Repeat(file, "'", 1_000_000), "found " },
        { "500,000 lists in a line", file => Repeat(file, "- ", 500_000), "found more than 16 levels of nesting" },
        { "a megabyte in one key", file => Repeat(file, "k", 1_000_000), "found " },
        { "100,000 keys", file => Text(file, string.Concat(Enumerable.Range(0, 100_000).Select(i => $"k{i}: 1\n"))),
            "found more than 20,000 values" },
        { "a number of a megabyte", file => Text(file, $"seed: {new string('9', 1_000_000)}\n"), "seed: found 999" },
    };

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Theory]
    [MemberData(nameof(Files), DisableDiscoveryEnumeration = true)]
    public void File_IsRefused_InLittleMemoryAndTime(string what, Action<Stream> write, string problem)
    {
        using (FileStream file = File.Create(_path))
            write(file);
        long before = GC.GetAllocatedBytesForCurrentThread(), begun = Stopwatch.GetTimestamp();

        SpecDocument document = SpecLoader.Load(_path, []);
        TimeSpan took = Stopwatch.GetElapsedTime(begun);
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;

        TestContext.Current.TestOutputHelper!.WriteLine($"{what}: {took.TotalMilliseconds:f0} ms, {taken / 1e6:f1} MB");
        Assert.Null(document.Spec);
        Assert.Contains(document.Problems, found => found.ToString().Contains(problem, StringComparison.Ordinal));
        Assert.All(document.Problems, problem => Assert.InRange(problem.ToString().Length, 1, 2000));
        Assert.InRange(taken, 0, MostBytes);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    private static void Text(Stream file, string text) => file.Write(Encoding.UTF8.GetBytes(text));

    private static void Repeat(Stream file, string piece, int times)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(piece);
        using var buffered = new BufferedStream(file, 1 << 16);
        for (int i = 0; i < times; i++)
            buffered.Write(bytes);
    }

    private static string Laughs() => "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + string.Concat(Enumerable.Range('b', 20)
            .Select(c => $"{(char)c}: &{(char)c} [{string.Join(", ", Enumerable.Repeat($"*{(char)(c - 1)}", 9))}]\n"));
}
