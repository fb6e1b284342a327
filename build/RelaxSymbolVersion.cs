#nullable enable
// MSBuild's inline compiler defines no symbol of a target framework and has no implicit usings.
// The tests, which share this file, do not reference MSBuild.
#if !NET
using System;
using System.Collections.Generic;
using System.IO;
#endif
using System.Text;

namespace Orleans.Tbptt.Build;

/// <summary>
/// Marks one symbol version that an ELF library needs as weak, so that the dynamic loader no longer refuses the library where that
/// version is missing: the purpose of <c>VER_FLG_WEAK</c> (gABI, "Symbol Versioning", <c>vna_flags</c>).
/// </summary>
/// <remarks>
/// Done only where it is safe: when no relocation refers to a symbol of that version, nothing in the library can call one.
/// <code>
/// .gnu.version_r   Verneed(libstdc++.so.6) ── Vernaux(GLIBCXX_3.4.30) ── Vernaux(GLIBCXX_3.4.32) …
///                                                                          └ flags |= weak, the only two bytes that change
/// .gnu.version     one Vernaux.other per dynamic symbol: which symbols are of that version
/// .rela.*          which symbols are referred to
/// </code>
/// The code is limited to what MSBuild's inline compiler accepts: .NET Standard 2.0, no spans.
/// </remarks>
public sealed class SymbolVersionRelaxer
{
    private const ushort Weak = 2;
    private const uint DynamicSymbols = 11, Relocations = 4, VersionNeeds = 0x6ffffffe, SymbolVersions = 0x6fffffff;
    private readonly byte[] _elf;
    private readonly List<Section> _sections = [];

    private SymbolVersionRelaxer(byte[] elf)
    {
        _elf = elf;
        bool magic = elf.Length >= 64 && elf[0] == 0x7f && elf[1] == 'E' && elf[2] == 'L' && elf[3] == 'F';
        Check(magic, "it does not begin as an ELF file");
        Check(elf[4] == 2 && elf[5] == 1, "it is not 64-bit little-endian ELF");
        Check(U16(16) == 3, "it is not a shared library");
        Check(U16(58) == 64, "its section headers are not 64 bytes each");
        long headers = Size(40);
        for (int i = 0; i < U16(60); i++)
        {
            long header = headers + (64L * i);
            Check(header >= 0 && header <= elf.Length - 64, "its section headers end beyond the file");
            var section = new Section(U32(header + 4), Size(header + 24), Size(header + 32), U32(header + 40));
            Check(
                section.Type == 8 || (section.Offset >= 0 && section.Length >= 0 && section.Offset <= elf.Length - section.Length),
                "a section ends beyond the file");
            _sections.Add(section);
        }
    }

    /// <summary>Relaxes the version in place in <paramref name="elf"/>.</summary>
    /// <param name="elf">The library's bytes.</param>
    /// <param name="library">The library that should define the version, such as <c>libstdc++.so.6</c>.</param>
    /// <param name="version">The version, such as <c>GLIBCXX_3.4.32</c>.</param>
    /// <param name="reason">Why nothing was changed; null if something was.</param>
    /// <returns>Whether anything was changed.</returns>
    /// <exception cref="InvalidDataException">The bytes are not an ELF library, or a damaged one; the message describes the
    /// defect.</exception>
    public static bool Relax(byte[] elf, string library, string version, out string? reason)
    {
        var file = new SymbolVersionRelaxer(elf);
        long need = file.FindNeed(library, version);
        if (need < 0)
            reason = $"it does not need {version} of {library}";
        else if ((file.U16(need + 4) & Weak) != 0)
            reason = $"its need of {version} is weak already";
        else
            reason = file.FindUse(file.U16(need + 6)) is { } symbol ? $"it really uses {symbol} of {version}" : null;
        if (reason is not null)
            return false;
        elf[need + 4] |= (byte)Weak;
        return true;
    }

    /// <summary>Offset of the Vernaux, or -1.</summary>
    private long FindNeed(string library, string version)
    {
        foreach (var needs in _sections)
        {
            if (needs.Type != VersionNeeds)
                continue;
            var strings = Linked(needs);
            long next, nextAux;
            for (long need = needs.Offset; ; need += next)
            {
                Check(Holds(needs, need, 16) && U16(need) == 1, "a record of needed versions is damaged");
                next = U32(need + 12);
                nextAux = U32(need + 8);
                if (Text(strings, U32(need + 4)) == library)
                {
                    for (long aux = need + nextAux; ; aux += nextAux)
                    {
                        Check(Holds(needs, aux, 16), "a record of needed versions is damaged");
                        if (Text(strings, U32(aux + 8)) == version)
                            return aux;
                        nextAux = U32(aux + 12);
                        if (nextAux == 0)
                            break;
                    }
                }

                if (next == 0)
                    break;
            }
        }

        return -1;
    }

    /// <summary>The name of a symbol of this version that a relocation refers to, or null.</summary>
    private string? FindUse(ushort versionIndex)
    {
        foreach (var relocations in _sections)
        {
            if (relocations.Type != Relocations)
                continue;
            var symbols = Linked(relocations);
            if (symbols.Type != DynamicSymbols)
                continue;
            var versions = _sections.Find(section => section.Type == SymbolVersions);
            for (long entry = relocations.Offset; entry + 24 <= relocations.Offset + relocations.Length; entry += 24)
            {
                long symbol = U32(entry + 12);
                Check(
                    Holds(symbols, symbols.Offset + (24 * symbol), 24) && Holds(versions, versions.Offset + (2 * symbol), 2),
                    "a relocation refers to a missing symbol");
                if (symbol != 0 && (U16(versions.Offset + (2 * symbol)) & 0x7fff) == versionIndex)
                    return Text(Linked(symbols), U32(symbols.Offset + (24 * symbol)));
            }
        }

        return null;
    }

    private Section Linked(Section section)
    {
        Check(section.Link < _sections.Count, "a section refers to a missing section");
        return _sections[(int)section.Link];
    }

    private static bool Holds(Section section, long offset, int length) =>
        offset >= section.Offset && offset - section.Offset <= section.Length - length;

    private string Text(Section strings, uint start)
    {
        long from = strings.Offset + start;
        Check(Holds(strings, from, 1), "a name lies outside the table of names");
        int end = Array.IndexOf(_elf, (byte)0, (int)from, (int)(strings.Offset + strings.Length - from));
        Check(end >= 0, "a name in the table of names has no end");
        return Encoding.ASCII.GetString(_elf, (int)from, end - (int)from);
    }

    private ushort U16(long offset) => BitConverter.ToUInt16(_elf, (int)offset);

    private uint U32(long offset) => BitConverter.ToUInt32(_elf, (int)offset);

    private long Size(long offset) => BitConverter.ToInt64(_elf, (int)offset);

    private static void Check(bool sound, string problem)
    {
        if (!sound)
            throw new InvalidDataException(problem);
    }

    private readonly struct Section(uint type, long offset, long length, uint link)
    {
        public uint Type => type;

        public long Offset => offset;

        public long Length => length;

        public uint Link => link;
    }
}

#if !NET
/// <summary>Writes a copy of a library in which one needed symbol version is weak.</summary>
public sealed class RelaxSymbolVersion : Microsoft.Build.Utilities.Task
{
    /// <summary>The original library; never changed.</summary>
    [Microsoft.Build.Framework.Required]
    public string Source { get; set; } = "";

    /// <summary>The path of the copy.</summary>
    [Microsoft.Build.Framework.Required]
    public string Destination { get; set; } = "";

    /// <summary>The library that should define the version.</summary>
    [Microsoft.Build.Framework.Required]
    public string Library { get; set; } = "";

    /// <summary>The version to relax.</summary>
    [Microsoft.Build.Framework.Required]
    public string Version { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        try
        {
            byte[] elf = File.ReadAllBytes(Source);
            if (!SymbolVersionRelaxer.Relax(elf, Library, Version, out string? reason))
                Log.LogMessage(Microsoft.Build.Framework.MessageImportance.High, $"{Source} is used unchanged: {reason}.");
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Destination))!);
            // Outputs are hard links to this file: it is replaced, never overwritten through a link.
            string temporary = $"{Destination}.{Guid.NewGuid():N}";
            File.WriteAllBytes(temporary, elf);
            File.Delete(Destination);
            File.Move(temporary, Destination);
            return true;
        }
        catch (Exception problem) when (problem is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Log.LogError(
                $"Cannot relax {Version} in {Source}: {problem.Message.TrimEnd('.')}. If the package is damaged, "
                + "delete its folder from the NuGet cache and restore again; with a different TorchSharp version, correct "
                + "build/RelaxSymbolVersion.cs.");
            return false;
        }
    }
}
#endif
