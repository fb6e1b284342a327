using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>The texts of a spec that have their own rules.</summary>
internal static class TextForms
{
    public const int MaxNameLength = 60;

    private const string WeightsOrPackage = "a safetensors file, or the directory of a model package";

    public static TextForm<string> Name { get; } = new(
        $"1 to {MaxNameLength} printable characters", ParseName, name => name, Default: "the file's name");

    public static TextForm<DeviceName> Device { get; } = new(
        DeviceName.Expected, ParseDevice, device => device.Text, Default: DeviceName.Auto.Text, Pattern: "^(auto|cpu|cuda(:[0-9]+)?)$");

    public static TextForm<string?> InitFrom { get; } = new(
        WeightsOrPackage, ParseInitFrom, path => path, Default: "none");

    public static TextForm<string> ParentCheckpoint { get; } =
        new("a checkpoint's directory, RUN/checkpoints/GENERATION-STEP", ParseCheckpoint, path => path);

    /// <summary>A source that may be left out, without its keys.</summary>
    public static TextForm<SourceSpec?> OtherSource(IReadOnlyList<SourceSpec> choices)
    {
        string forms = Show.Or([.. choices.Where(choice => choice.Form.Contains(':')).Select(choice => choice.Form)]);
        return new(forms, Parse, source => source is null ? null : $"{source.Word}:{string.Join(',', source.Paths)}", Default: "none");

        SourceSpec? Parse(string text, TextContext at)
        {
            string[] parts = text.Split(':', 2);
            if (parts.Length == 2 && choices.FirstOrDefault(choice => choice.Word == parts[0]) is { } named && named.Form.Contains(':'))
                return (SourceSpec)named.Read(parts[1].TrimStart(), at);
            at.Report(Show.Clean(text), forms, "name files as data.source does");
            return null;
        }
    }

    /// <summary>A file may have any name; what a run's name cannot have becomes a dash.</summary>
    public static string DefaultName(string fileName)
    {
        var runes = Path.GetFileNameWithoutExtension(fileName).EnumerateRunes().Take(MaxNameLength);
        string name = string.Concat(runes.Select(rune => Show.IsPrintable(rune.ToString()) ? rune.ToString() : "-"));
        return string.IsNullOrWhiteSpace(name) ? "run" : name;
    }

    private static string ParseName(string name, TextContext at)
    {
        int length = name.EnumerateRunes().Count();
        if (length > MaxNameLength)
            at.Report($"{length} characters", Name.Expected, "shorten it");
        return name;
    }

    private static string ParseInitFrom(string text, TextContext at) =>
        Path.TrimEndingDirectorySeparator(at.Absolute(text)) is var path && File.Exists(Path.Combine(path, "config.json")) ? path
            : at.File(text, WeightsOrPackage);

    private static string ParseCheckpoint(string text, TextContext at)
    {
        string path = Path.TrimEndingDirectorySeparator(at.Absolute(text));
        if (!ExtendsSpec.IsCheckpoint(path))
            at.Report(Show.Clean(text, 300), ParentCheckpoint.Expected, "correct it, or let 'tbptt extend RUN' name the newest one");
        return path;
    }

    private static DeviceName ParseDevice(string text, TextContext at)
    {
        if (!DeviceName.TryParse(text, out DeviceName device))
            at.Report(Show.Clean(text), DeviceName.Expected, "choose one of them");
        return device;
    }
}
