using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.Membership;

/// <summary>The command line of <see cref="MembershipUnderLoad"/>.</summary>
internal static class MembershipCommand
{
    public static Command Make()
    {
        var silos = new Option<int>("--silos") { Description = "Silos from the start.", DefaultValueFactory = _ => 3 };
        var busy = new Option<int>("--busy") { Description = "Processes that use the processors.", DefaultValueFactory = _ => 8 };
        var minutes = new Option<double>("--minutes") { Description = "How long.", DefaultValueFactory = _ => 10 };
        var command = new Command("membership", "Counts silos that are taken for dead while other processes use the processors.")
        {
            silos, busy, minutes,
        };
        command.SetAction((parsed, cancellation) => MembershipUnderLoad.RunAsync(
            parsed.GetValue(silos), parsed.GetValue(busy), TimeSpan.FromMinutes(parsed.GetValue(minutes)), cancellation));
        return command;
    }
}
