using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>The texts of a spec that have their own rules.</summary>
internal static class TextForms
{
    public const int MaxNameLength = 60;

    public static TextForm<string> Name { get; } = new(
        $"1 to {MaxNameLength} printable characters", ParseName, name => name, Default: "the file's name");

    public static TextForm<DeviceName> Device { get; } = new(
        DeviceName.Expected, ParseDevice, device => device.Text, Default: DeviceName.Auto.Text, Pattern: "^(auto|cpu|cuda(:[0-9]+)?)$");

    public static TextForm<string?> InitFrom { get; } = new(
        "a safetensors file", (text, at) => at.File(text, "a safetensors file"), path => path, Default: "none");

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

    private static DeviceName ParseDevice(string text, TextContext at)
    {
        if (!DeviceName.TryParse(text, out DeviceName device))
            at.Report(Show.Clean(text), DeviceName.Expected, "choose one of them");
        return device;
    }
}
