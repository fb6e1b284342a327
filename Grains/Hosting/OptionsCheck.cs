using Microsoft.Extensions.Options;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Hosting;

/// <summary>Checks a silo's options before it starts; says of each mistake what was found, what was expected and what to do.</summary>
internal sealed class OptionsCheck : IValidateOptions<TbpttGrainsOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, TbpttGrainsOptions options)
    {
        string[] mistakes = [.. Mistakes(options).Select(mistake => $"AddTbptt: {mistake}")];
        return mistakes.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    private static IEnumerable<string> Mistakes(TbpttGrainsOptions options)
    {
        const string Runs = nameof(options.RunsDirectory), Roots = nameof(options.DataRoots);
        if (string.IsNullOrWhiteSpace(options.RunsDirectory))
            yield return $"{Runs}: found '{options.RunsDirectory}', expected a directory; set it to the run store that all silos share";
        else if (File.Exists(options.RunsDirectory))
            yield return $"{Runs}: found the file {options.RunsDirectory}, expected a directory; choose another path";
        if (options.Slots is < 0 or > TbpttGrainsOptions.MaxSlots)
            yield return $"{nameof(options.Slots)}: found {options.Slots}, expected 0 to {TbpttGrainsOptions.MaxSlots}; set how many "
                + "trainers the silo takes, or leave it out for one for each core";
        if (!DeviceName.TryParse(options.Device.Text, out _))
            yield return $"{nameof(options.Device)}: found '{options.Device.Text}', expected {DeviceName.Expected}; correct it, or leave "
                + "it out";
        foreach (var (name, period) in ((string, TimeSpan)[])
            [(nameof(options.FollowPeriod), options.FollowPeriod), (nameof(options.ScalePeriod), options.ScalePeriod)])
        {
            if (period <= TimeSpan.Zero)
                yield return $"{name}: found {period}, expected a time such as 00:00:01; correct it, or leave it out for a second";
        }

        if (options.DataRoots is null)
            yield return $"{Roots}: found null, expected a list; leave it out for any directory";
        foreach (string mistake in Mistakes(options.Serve))
            yield return mistake;
        foreach (string? root in options.DataRoots ?? [])
        {
            if (!Path.IsPathFullyQualified(root ?? "") || !Directory.Exists(root))
                yield return $"{Roots}: found '{root}', expected the absolute path of a directory that exists; correct it";
        }
    }

    private static IEnumerable<string> Mistakes(ServeOptions serve)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (string item in serve.Models)
        {
            if (!ServeOptions.TryRead(item, out var name, out _))
                yield return $"Serve.{nameof(serve.Models)}: found '{item}', expected {ServeOptions.ExpectedModel}; correct it";
            else if (!names.Add(name.Text))
                yield return $"Serve.{nameof(serve.Models)}: found the name {name} twice, expected each once; rename one of the models";
        }

        if (serve.Expiry <= TimeSpan.Zero)
            yield return $"Serve.{nameof(serve.Expiry)}: found {serve.Expiry}, expected a time such as 30.00:00:00 for 30 days; correct it";
        if (serve.KeptRows is < ServeOptions.LeastKeptRows or > ServeOptions.MostKeptRows)
            yield return $"Serve.{nameof(serve.KeptRows)}: found {serve.KeptRows}, expected {ServeOptions.LeastKeptRows} to "
                + $"{ServeOptions.MostKeptRows}; correct it, or leave it out for 64";
        if (!Enum.IsDefined(serve.Takeover))
            yield return $"Serve.{nameof(serve.Takeover)}: found {serve.Takeover}, expected Carry, WarmUp or Zero; correct it";
    }
}
