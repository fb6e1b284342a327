using System.Buffers.Binary;
using System.Text;
using Orleans.Tbptt.Build;

namespace Orleans.Tbptt.Tests.Training.Torch;

public sealed class RelaxedLibraryTests
{
    private const string Library = "libstdc++.so.6";
    private const string Version = "GLIBCXX_3.4.32";

    [Fact]
    public void Build_ReplacesTheLibrary_ByOneThatDiffersInTheWeakFlagOnly()
    {
        byte[] original = File.ReadAllBytes(TorchPackage.Original());
        byte[] relaxed = File.ReadAllBytes(Path.Combine(TorchPackage.OutputFolder, TorchPackage.LibraryName));

        Assert.Equal(original.Length, relaxed.Length);
        int changed = Assert.Single(Enumerable.Range(0, original.Length), at => original[at] != relaxed[at]);
        Assert.Equal((0, 2), (original[changed], relaxed[changed]));
        Assert.True(SymbolVersionRelaxer.Relax(original, Library, Version, out _));
        Assert.Equal(original, relaxed);
    }

    [Fact]
    public void Relax_ChangesNothing_WhenTheNeedIsWeakAlready()
    {
        byte[] relaxed = File.ReadAllBytes(Path.Combine(TorchPackage.OutputFolder, TorchPackage.LibraryName));

        AssertUnchanged(relaxed, Library, Version, "weak already");
    }

    [Theory]
    [InlineData(Library, "GLIBCXX_9.9.9", "it does not need GLIBCXX_9.9.9 of libstdc++.so.6")]
    [InlineData("libother.so.1", Version, "it does not need GLIBCXX_3.4.32 of libother.so.1")]
    [InlineData(Library, "GLIBCXX_3.4.30", "it really uses _ZNSt18condition_variable4wait")]
    public void Relax_ChangesNothing_WhenItMustNotOrNeedNot(string library, string version, string reason) =>
        AssertUnchanged(File.ReadAllBytes(TorchPackage.Original()), library, version, reason);

    [Fact]
    public void Relax_SaysThatItIsNoElf_WhenGivenSomethingElse()
    {
        byte[] pointer = Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 2399008\n");
        AssertRefused(pointer, "does not begin as an ELF file");
        AssertRefused([], "does not begin as an ELF file");
        AssertRefused(File.ReadAllBytes(typeof(RelaxedLibraryTests).Assembly.Location), "does not begin as an ELF file");
    }

    [Fact]
    public void Relax_SaysWhatElfItExpects_WhenGivenAnotherKind()
    {
        AssertRefused(Damaged(elf => elf[4] = 1), "not 64-bit little-endian");
        AssertRefused(Damaged(elf => elf[5] = 2), "not 64-bit little-endian");
        AssertRefused(Damaged(elf => elf[16] = 2), "not a shared library");
    }

    [Fact]
    public void Relax_SaysWhatIsDamaged_WhenTheFileIsShortOrItsTablesPointAway()
    {
        byte[] whole = File.ReadAllBytes(TorchPackage.Original());
        AssertRefused(whole[..(whole.Length / 2)], "end beyond the file");
        AssertRefused(whole[..100], "section headers end beyond the file");
        AssertRefused(Damaged(elf => BinaryPrimitives.WriteInt64LittleEndian(elf.AsSpan(40), -64)), "section headers end beyond the file");
    }

    [Fact]
    public void Relax_NeverDoesAnythingElse_WhenBytesOfTheHeadersAreDamaged()
    {
        byte[] whole = File.ReadAllBytes(TorchPackage.Original());
        long headers = BinaryPrimitives.ReadInt64LittleEndian(whole.AsSpan(40));
        var random = new Random(1);
        for (int trial = 0; trial < 200; trial++)
        {
            byte[] damaged = [.. whole];
            long at = random.NextInt64(headers, whole.Length);
            damaged[at] ^= (byte)random.Next(1, 256);
            try
            {
                SymbolVersionRelaxer.Relax(damaged, Library, Version, out _);
            }
            catch (InvalidDataException)
            {
                // Noticed; any other exception fails the test.
            }
        }
    }

    private static byte[] Damaged(Action<byte[]> damage)
    {
        byte[] elf = File.ReadAllBytes(TorchPackage.Original());
        damage(elf);
        return elf;
    }

    private static void AssertRefused(byte[] elf, string problem)
    {
        var refusal = Assert.Throws<InvalidDataException>(() => SymbolVersionRelaxer.Relax(elf, Library, Version, out _));
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    private static void AssertUnchanged(byte[] elf, string library, string version, string reason)
    {
        byte[] before = [.. elf];
        Assert.False(SymbolVersionRelaxer.Relax(elf, library, version, out string? said));
        Assert.Contains(reason, said, StringComparison.Ordinal);
        Assert.Equal(before, elf);
    }
}
